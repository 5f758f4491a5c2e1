import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models

import leads.models.source
from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apikey",
            name="an_api_key_has_known_scopes",
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="an_idempotency_key_names_one_delivery",
        ),
        migrations.AddField(
            model_name="apikey",
            name="is_test",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Every lead sent with the key is a test and never charged.",
                verbose_name="test",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="used_from",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="The addresses it was last used from, each with the time.",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="is_test",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Sent with a test key: every lead is a test.",
                verbose_name="test",
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("send", "Send leads"),
                        ("read", "Read what happened to them"),
                        ("prices", "Read their prices"),
                    ],
                    max_length=20,
                ),
                default=leads.models.source.sends_and_reads,
                help_text="What requests with the key may do.",
                size=None,
            ),
        ),
        # Until now, every key could send and read.
        migrations.RunSQL(
            "UPDATE leads_apikey SET scopes = CASE WHEN 'prices' = ANY (scopes) THEN '{prices,read,send}'::varchar[]"
            " ELSE '{read,send}'::varchar[] END",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(condition=models.Q(("is_test", True)), fields=["source"], name="lead_test_of_source"),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", ["prices", "read", "send"]), ("scopes__len__gt", 0)),
                name="an_api_key_has_known_scopes",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scopes__contains", ["prices"]), _negated=True),
                    ("scopes__contains", ["read"]),
                    _connector="OR",
                ),
                name="an_api_key_that_reads_prices_reads",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key", ""), _negated=True),
                fields=("source", "idempotency_key", "is_test"),
                name="an_idempotency_key_names_one_delivery",
            ),
        ),
        InstallSql("leads", "domain/credentials/sql/key.sql", "99f9aa1fc98b"),
        InstallSql("leads", "domain/intake/sql/write.sql", "e179732c24f1"),
    ]
