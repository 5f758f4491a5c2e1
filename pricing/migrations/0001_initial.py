import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import leads.models.customer.customer
import pricing.models.rule
import pricing.models.wall_clock
from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("auth", "__first__"),
        ("leads", "0001_initial"),
    ]

    operations = [
        # An exclusion constraint needs "&&" for text, and core PostgreSQL has it for ranges only.
        migrations.RunSQL('CREATE TYPE textrange AS RANGE (subtype = text, collation = "C")', "DROP TYPE textrange"),
        migrations.CreateModel(
            name="BookStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rules", "Price rules and their tiers"),
                            ("catalog", "Facts of products, sources and action types"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "stamp",
                    models.UUIDField(
                        help_text="Never used twice, so what is rolled back is never taken for what is committed."
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PeriodTerms",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="kept_terms",
                        serialize=False,
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "rules",
                    models.JSONField(
                        help_text="Each price rule in force by id, with the instants it started and ended (or none)."
                    ),
                ),
                ("customer", models.JSONField(help_text="Contract dates, excluded domains and hard budget.")),
                (
                    "catalog",
                    models.JSONField(
                        help_text="Products' categories, sources' channels and billable action types: first, and from which instants on."
                    ),
                ),
                (
                    "later_closed",
                    models.JSONField(
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="Later periods that were already closed: their charges count in this one.",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "period terms",
            },
        ),
        migrations.CreateModel(
            name="UseCount",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="use_count",
                        serialize=False,
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "rated_at",
                    models.DateTimeField(help_text="When that rating ran. After a newer rating, the count is stale."),
                ),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PeriodTally",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="tally",
                        serialize=False,
                        to="leads.billingperiod",
                    ),
                ),
                ("actions", models.PositiveIntegerField()),
                ("charged", models.PositiveIntegerField()),
                ("excluded", models.PositiveIntegerField()),
                (
                    "excluded_by",
                    models.JSONField(
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        help_text="Number of actions by reason.",
                    ),
                ),
                ("unrated", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("rated_at", models.DateTimeField()),
                (
                    "rated_to_at",
                    models.DateTimeField(blank=True, help_text="When the last action rated occurred.", null=True),
                ),
                ("rated_to_action", models.BigIntegerField(blank=True, help_text="The last action rated.", null=True)),
                (
                    "counters",
                    models.JSONField(
                        blank=True,
                        help_text="Counters at that action, to continue from. Empty: the whole period must be rated.",
                        null=True,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "actions",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("charged"), "+", models.F("excluded")
                                    ),
                                    "+",
                                    models.F("unrated"),
                                ),
                            )
                        ),
                        name="stored_actions_are_charged_or_excluded_or_unrated",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Shown in explanations, so name what is priced.", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
                        default="draft",
                        max_length=7,
                    ),
                ),
                ("category", models.CharField(blank=True, help_text="Product category.", max_length=80)),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("website", "Website"),
                            ("social_media", "Social media"),
                            ("email_campaign", "Email campaign"),
                            ("referral", "Referral"),
                            ("webinar", "Webinar"),
                            ("event", "Event"),
                            ("demo_request", "Demo request"),
                            ("trade_show", "Trade show"),
                            ("conference", "Conference"),
                            ("newsletter", "Newsletter"),
                            ("feedback", "Feedback"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        default=0, help_text="The highest priority wins. If equal, the most specific rule wins."
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD", max_length=3, validators=[leads.models.customer.customer.validate_currency]
                    ),
                ),
                (
                    "wall_from",
                    pricing.models.wall_clock.WallClockField(
                        help_text="First day (or time) in each customer's own time zone.", verbose_name="from"
                    ),
                ),
                (
                    "wall_to",
                    pricing.models.wall_clock.WallClockField(
                        blank=True,
                        help_text="First day (or time) that the rule no longer prices. Empty: no end.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "price_model",
                    models.CharField(choices=pricing.models.rule.price_models, default="per_unit", max_length=20),
                ),
                (
                    "unit_price",
                    models.DecimalField(
                        blank=True, decimal_places=6, help_text="Price of each unit.", max_digits=16, null=True
                    ),
                ),
                (
                    "free_units",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="Number of free units at the start of a period. Tiers and packages start after them.",
                        max_digits=18,
                    ),
                ),
                (
                    "package_size",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Number of units in a package.",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "package_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Price of each started package.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Percent of the action's value.",
                        max_digits=10,
                        null=True,
                    ),
                ),
                (
                    "fixed_fee",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="Per charged action, in addition to the percentage.",
                        max_digits=16,
                    ),
                ),
                (
                    "minimum",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Per charged action, including the fixed fee.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "maximum",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Per charged action, including the fixed fee.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "free_actions",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Number of free actions at the start of a period. If there is a free value too, until one of them runs out.",
                    ),
                ),
                (
                    "free_value",
                    models.DecimalField(
                        decimal_places=6, default=0, help_text="Free value at the start of a period.", max_digits=16
                    ),
                ),
                (
                    "once_per",
                    models.CharField(
                        blank=True,
                        choices=[("lead", "per lead"), ("person", "per person")],
                        max_length=6,
                        verbose_name="charge once",
                    ),
                ),
                (
                    "once_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Since the last charged action of the same type.",
                        null=True,
                        verbose_name="within days",
                    ),
                ),
                (
                    "highest_only",
                    models.BooleanField(
                        default=False, help_text="Charge only a lead's highest-priced action in a period."
                    ),
                ),
                (
                    "cap_per_lead",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Maximum for one lead, over all periods.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "cap_per_period",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Maximum for all leads in one period.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "action_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_rules",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "activated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_rules",
                        to="leads.customer",
                    ),
                ),
                (
                    "first_revision",
                    models.ForeignKey(
                        blank=True,
                        help_text="Revisions of a rule count their quantities together.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="pricing.pricerule",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_rules",
                        to="leads.product",
                    ),
                ),
                (
                    "retired_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revises",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revised_by",
                        to="pricing.pricerule",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_rules",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "draft"), _negated=True),
                        expressions=[
                            (
                                models.Func(
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("customer_id"), models.Value(0)
                                    ),
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("customer_id"), models.Value(0)
                                    ),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("product_id"), models.Value(0)
                                    ),
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("product_id"), models.Value(0)
                                    ),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("category"), models.F("category"), models.Value("[]"), function="textrange"
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("source_id"), models.Value(0)
                                    ),
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("source_id"), models.Value(0)
                                    ),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("channel"), models.F("channel"), models.Value("[]"), function="textrange"
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("action_type_id"), models.Value(0)
                                    ),
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("action_type_id"), models.Value(0)
                                    ),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("currency"), models.F("currency"), models.Value("[]"), function="textrange"
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("priority"), models.F("priority"), models.Value("[]"), function="int4range"
                                ),
                                "&&",
                            ),
                            (models.Func(models.F("wall_from"), models.F("wall_to"), function="tsrange"), "&&"),
                        ],
                        name="active_rules_of_one_scope_never_overlap",
                        violation_error_message="Another active rule already covers this scope, priority and time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wall_to__gte", models.F("wall_from"))),
                        name="a_rule_does_not_end_before_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("package_price__isnull", True),
                                ("package_size__isnull", True),
                                ("percent__isnull", True),
                                ("price_model", "per_unit"),
                                ("unit_price__isnull", False),
                            ),
                            models.Q(
                                ("package_price__isnull", True),
                                ("package_size__isnull", True),
                                ("percent__isnull", True),
                                ("price_model", "graduated"),
                                ("unit_price__isnull", True),
                            ),
                            models.Q(
                                ("package_price__isnull", True),
                                ("package_size__isnull", True),
                                ("percent__isnull", True),
                                ("price_model", "volume"),
                                ("unit_price__isnull", True),
                            ),
                            models.Q(
                                ("package_price__isnull", False),
                                ("package_size__isnull", False),
                                ("percent__isnull", True),
                                ("price_model", "package"),
                                ("unit_price__isnull", True),
                            ),
                            models.Q(
                                ("package_price__isnull", True),
                                ("package_size__isnull", True),
                                ("percent__isnull", False),
                                ("price_model", "percentage"),
                                ("unit_price__isnull", True),
                            ),
                            models.Q(
                                ("package_price__isnull", True),
                                ("package_size__isnull", True),
                                ("percent__isnull", True),
                                ("price_model", "graduated_percentage"),
                                ("unit_price__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_rule_has_the_price_its_model_needs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("package_size", None), ("package_size__gt", 0), _connector="OR"),
                            models.Q(("unit_price", None), ("unit_price__gte", 0), _connector="OR"),
                            models.Q(("package_price", None), ("package_price__gte", 0), _connector="OR"),
                            models.Q(("percent", None), ("percent__gte", 0), _connector="OR"),
                            models.Q(("minimum", None), ("minimum__gte", 0), _connector="OR"),
                            models.Q(("maximum", None), ("maximum__gte", 0), _connector="OR"),
                            models.Q(("cap_per_lead", None), ("cap_per_lead__gte", 0), _connector="OR"),
                            models.Q(("cap_per_period", None), ("cap_per_period__gte", 0), _connector="OR"),
                            ("fixed_fee__gte", 0),
                            ("free_units__gte", 0),
                            ("free_value__gte", 0),
                        ),
                        name="nothing_in_a_price_is_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("maximum__gte", models.F("minimum"))),
                        name="a_maximum_is_not_below_its_minimum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("once_days", None), ("once_per", "")),
                            models.Q(models.Q(("once_per", ""), _negated=True), ("once_days__gte", 1)),
                            _connector="OR",
                        ),
                        name="charging_once_says_within_how_many_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("highest_only", False),
                            models.Q(
                                ("free_actions", 0),
                                ("free_units", 0),
                                ("free_value", 0),
                                ("price_model__in", ("per_unit", "percentage")),
                            ),
                            _connector="OR",
                        ),
                        name="highest_only_needs_a_price_that_each_action_has_by_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "draft"), ("activated_at__isnull", False), _connector="OR"),
                        name="a_rule_in_force_says_since_when",
                    ),
                ],
                "indexes": [models.Index(fields=["state", "wall_from"], name="price_rule_state")],
            },
        ),
        migrations.CreateModel(
            name="MonthlyActivity",
            fields=[
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("charged", "Charged"),
                            ("included", "Included at no charge"),
                            ("voided", "Voided"),
                            ("not_billable", "Not a billable action type"),
                            ("test_lead", "Test lead"),
                            ("outside_contract", "Outside the contract's dates"),
                            ("disputed", "Disputed and accepted"),
                            ("excluded_contact", "Contact on the exclusion list"),
                            ("waived", "Waived by a person"),
                            ("already_charged", "Already charged"),
                            ("not_highest", "Not the highest-priced action of its lead"),
                            ("unrated", "Unrated"),
                        ],
                        help_text="Charged, included (charged $0.00), a reason for exclusion, or unrated.",
                        max_length=20,
                    ),
                ),
                ("place", models.PositiveIntegerField(help_text="Among the rows of its period and time.")),
                ("actions", models.BigIntegerField()),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=40)),
                ("amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("full_amount", models.DecimalField(decimal_places=6, help_text="Before any cap.", max_digits=40)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer",
                        "period",
                        "month",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField(help_text="Its first day.")),
                (
                    "action_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.product",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.source",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pricing.pricerule",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["month"], name="monthly_activity_of_month", pages_per_range=32
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyActivity",
            fields=[
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("charged", "Charged"),
                            ("included", "Included at no charge"),
                            ("voided", "Voided"),
                            ("not_billable", "Not a billable action type"),
                            ("test_lead", "Test lead"),
                            ("outside_contract", "Outside the contract's dates"),
                            ("disputed", "Disputed and accepted"),
                            ("excluded_contact", "Contact on the exclusion list"),
                            ("waived", "Waived by a person"),
                            ("already_charged", "Already charged"),
                            ("not_highest", "Not the highest-priced action of its lead"),
                            ("unrated", "Unrated"),
                        ],
                        help_text="Charged, included (charged $0.00), a reason for exclusion, or unrated.",
                        max_length=20,
                    ),
                ),
                ("place", models.PositiveIntegerField(help_text="Among the rows of its period and time.")),
                ("actions", models.BigIntegerField()),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=40)),
                ("amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("full_amount", models.DecimalField(decimal_places=6, help_text="Before any cap.", max_digits=40)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer",
                        "period",
                        "day",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                (
                    "action_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.product",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.source",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pricing.pricerule",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["day"], name="daily_activity_of_day", pages_per_range=32
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="charge",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("voided", "Voided"),
                            ("not_billable", "Not a billable action type"),
                            ("test_lead", "Test lead"),
                            ("outside_contract", "Outside the contract's dates"),
                            ("disputed", "Disputed and accepted"),
                            ("excluded_contact", "Contact on the exclusion list"),
                            ("waived", "Waived by a person"),
                            ("already_charged", "Already charged"),
                            ("not_highest", "Not the highest-priced action of its lead"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("full_amount", models.DecimalField(decimal_places=6, help_text="Before any cap.", max_digits=40)),
                (
                    "cut_per_lead",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Cut from the full price by the rule's limit per lead.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "cut_per_period",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Cut from the remainder by the rule's limit per period.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "cut_by_budget",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Cut from the remainder by the customer's monthly budget.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "quantity_before",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Quantity that the rule had counted in the period before this action.",
                        max_digits=40,
                    ),
                ),
                (
                    "value_before",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Money value that the rule had counted before, for a percentage.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "paid_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The action whose charge also pays for this one, or the lead's highest-priced action.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="pays_for",
                        to="leads.action",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="pricing.pricerule",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("rule__isnull", False)),
                            models.Q(models.Q(("reason", ""), _negated=True), ("amount", 0)),
                            _connector="OR",
                        ),
                        name="a_charge_names_the_rule_that_priced_it_or_the_exclusion",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="a_charge_is_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cut_by_budget__isnull", True),
                                ("cut_per_lead__isnull", True),
                                ("cut_per_period__isnull", True),
                                ("full_amount", models.F("amount")),
                            ),
                            models.Q(
                                (
                                    "full_amount",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("amount"),
                                                "+",
                                                django.db.models.functions.comparison.Coalesce(
                                                    "cut_per_lead",
                                                    models.Value(
                                                        0,
                                                        output_field=models.DecimalField(
                                                            decimal_places=6, max_digits=40
                                                        ),
                                                    ),
                                                ),
                                            ),
                                            "+",
                                            django.db.models.functions.comparison.Coalesce(
                                                "cut_per_period",
                                                models.Value(
                                                    0, output_field=models.DecimalField(decimal_places=6, max_digits=40)
                                                ),
                                            ),
                                        ),
                                        "+",
                                        django.db.models.functions.comparison.Coalesce(
                                            "cut_by_budget",
                                            models.Value(
                                                0, output_field=models.DecimalField(decimal_places=6, max_digits=40)
                                            ),
                                        ),
                                    ),
                                ),
                                models.Q(("cut_per_lead", None), ("cut_per_lead__gt", 0), _connector="OR"),
                                models.Q(("cut_per_period", None), ("cut_per_period__gt", 0), _connector="OR"),
                                models.Q(("cut_by_budget", None), ("cut_by_budget__gt", 0), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="a_charge_is_its_full_price_less_what_each_cap_cut",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("reason", ""), _negated=True),
                        fields=["period", "reason", "action"],
                        name="charge_excluded",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("cut_per_lead__isnull", False),
                            ("cut_per_period__isnull", False),
                            ("cut_by_budget__isnull", False),
                            _connector="OR",
                        ),
                        fields=["period", "action"],
                        name="charge_cut",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "up_to",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Last unit of this tier. Empty: no end.",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("unit_price", models.DecimalField(blank=True, decimal_places=6, max_digits=16, null=True)),
                (
                    "percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Percent of the value, for a graduated percentage.",
                        max_digits=10,
                        null=True,
                    ),
                ),
                (
                    "flat_fee",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="Charged with the first unit that enters the tier.",
                        max_digits=16,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tiers",
                        to="pricing.pricerule",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "up_to"),
                        name="no_two_tiers_of_a_rule_end_at_the_same_unit",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("up_to", None), ("up_to__gt", 0), _connector="OR"), ("flat_fee__gte", 0)
                        ),
                        name="tiers_and_their_prices_are_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("percent", None), ("unit_price__gte", 0)),
                            models.Q(("percent__gte", 0), ("unit_price", None)),
                            _connector="OR",
                        ),
                        name="a_tier_has_a_unit_price_or_a_percent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RatingAttempts",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rating_attempts",
                        serialize=False,
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        help_text="Counted before the work: an attempt whose worker dies counts too."
                    ),
                ),
                ("attempted_at", models.DateTimeField()),
                (
                    "message",
                    models.TextField(blank=True, help_text="Why the last attempt failed. Empty if its worker died."),
                ),
            ],
            options={
                "verbose_name_plural": "rating attempts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gte", 1)), name="an_attempt_at_rating_is_counted"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                ("name", models.CharField(help_text="The file's name.", max_length=200)),
                ("body", models.BinaryField(help_text="The file as it was uploaded.")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("uploaded_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Checking"),
                            ("checked", "Checked"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0, help_text="Number of rows, once the file is read.")),
                ("rows_checked", models.PositiveIntegerField(default=0)),
                (
                    "report",
                    models.JSONField(
                        blank=True, default=dict, help_text="What the dry run found: faults, and drafts to create."
                    ),
                ),
                ("message", models.TextField(blank=True, help_text="Why it failed, or why nothing was created.")),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "rule import",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_rule_import_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state__in", ["waiting", "applying"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "applying"]), _negated=True),
                                ("next_attempt_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_rule_import_that_waits_says_until_when",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "applying"])),
                        fields=["next_attempt_at"],
                        name="rule_import_unsettled",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charges", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=6, max_digits=40)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rule_uses", to="leads.billingperiod"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="pricing.pricerule",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "period"), name="a_rules_use_in_a_period_is_counted_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Simulation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "draft_snapshots",
                    models.JSONField(default=list, help_text="The drafts as they were, each as [id, name, terms]."),
                ),
                (
                    "proposals",
                    models.JSONField(
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        help_text="The changes of terms or facts that are tried, each as [reference, name].",
                    ),
                ),
                (
                    "months",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), help_text="Cycles, such as 2026-10.", size=None
                    ),
                ),
                (
                    "from_the_start",
                    models.BooleanField(
                        default=True,
                        help_text="Drafts start with the first month instead of on their own day.",
                        verbose_name="as if in force already",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, help_text="When a user stopped it.", null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("drafts", models.ManyToManyField(blank=True, related_name="simulations", to="pricing.pricerule")),
            ],
        ),
        migrations.CreateModel(
            name="SimulatedSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule_name", models.CharField(blank=True, max_length=200)),
                ("now_charges", models.IntegerField(default=0)),
                ("now_amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("now_excluded", models.IntegerField(default=0)),
                ("now_unrated", models.IntegerField(default=0)),
                ("then_charges", models.IntegerField(default=0)),
                ("then_amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("then_excluded", models.IntegerField(default=0)),
                ("then_unrated", models.IntegerField(default=0)),
                ("newly_charged", models.IntegerField(default=0)),
                (
                    "newly_excluded",
                    models.IntegerField(default=0, help_text="Actions that are now charged or unrated."),
                ),
                (
                    "newly_unrated",
                    models.IntegerField(default=0, help_text="Actions that are now charged or excluded."),
                ),
                (
                    "action_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pricing.pricerule",
                    ),
                ),
                (
                    "simulation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sums", to="pricing.simulation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("simulation", "period", "rule", "action_type"),
                        name="a_simulation_sums_a_rule_and_an_action_type_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SimulatedMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("amount", "Another amount"),
                            ("unrated", "Newly unrated"),
                            ("excluded", "Newly excluded"),
                        ],
                        max_length=8,
                    ),
                ),
                ("now_amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("then_amount", models.DecimalField(decimal_places=6, max_digits=40)),
                ("now_words", models.CharField(max_length=300)),
                ("then_words", models.CharField(max_length=300)),
                (
                    "action",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.action"
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "simulation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="moves", to="pricing.simulation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SimulatedCustomer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("actions", models.PositiveIntegerField(help_text="Number of actions to rate.")),
                ("actions_rated", models.PositiveIntegerField(default=0)),
                (
                    "behind",
                    models.PositiveIntegerField(
                        default=0, help_text="Periods that were waiting to be rated, so their current cost was unknown."
                    ),
                ),
                ("message", models.TextField(blank=True, help_text="Why it failed.")),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "simulation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="customers",
                        to="pricing.simulation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("simulation", "customer"), name="a_simulation_has_a_customer_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_simulation_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state__in", ["waiting", "running"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "running"]), _negated=True),
                                ("next_attempt_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_simulated_customer_that_waits_says_until_when",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["next_attempt_at"],
                        name="simulation_unsettled",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UnratedAction",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unrated",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[("no_rule", "No rule matches"), ("unpriceable", "Can't be priced")],
                        db_default="no_rule",
                        default="no_rule",
                        max_length=11,
                    ),
                ),
                ("message", models.TextField(blank=True, db_default="", help_text="What went wrong during pricing.")),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unrated_actions",
                        to="leads.billingperiod",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", "unpriceable"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="what_cannot_be_priced_says_why",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("code", "unpriceable")), fields=["action"], name="unrated_unpriceable"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="waiver",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
                (
                    "is_dispute",
                    models.BooleanField(
                        db_default=False, default=False, help_text="The customer disputed the action, and we accepted."
                    ),
                ),
                ("note", models.CharField(max_length=200, verbose_name="reason")),
                ("waived_at", models.DateTimeField()),
                (
                    "waived_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("note", ""), _negated=True), name="a_waiver_says_why")
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        help_text="A sentence such as “A sample order of Acme costs 12.50”.", max_length=200
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("website", "Website"),
                            ("social_media", "Social media"),
                            ("email_campaign", "Email campaign"),
                            ("referral", "Referral"),
                            ("webinar", "Webinar"),
                            ("event", "Event"),
                            ("demo_request", "Demo request"),
                            ("trade_show", "Trade show"),
                            ("conference", "Conference"),
                            ("newsletter", "Newsletter"),
                            ("feedback", "Feedback"),
                        ],
                        max_length=20,
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=6, default=1, max_digits=18)),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="The action's value, for a percentage.",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "expected",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="As the first action of a month, in the customer's currency.",
                        max_digits=40,
                        verbose_name="costs",
                    ),
                ),
                (
                    "occurs_on",
                    models.DateField(
                        blank=True, help_text="Empty: the day a rule change takes effect.", null=True, verbose_name="on"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "action_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="price_checks", to="leads.actiontype"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="price_checks", to="leads.customer"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every product of the customer.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_checks",
                        to="leads.product",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every active source, or every one of the channel.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_checks",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expected__gte", 0),
                            ("quantity__gte", 0),
                            models.Q(("value", None), ("value__gte", 0), _connector="OR"),
                        ),
                        name="nothing_in_a_price_check_is_negative",
                    )
                ],
            },
        ),
        # Price rules.
        InstallSql("pricing", "models/sql/a_rule_in_force_is_revised_never_edited.sql", "11b42152abf7"),
        InstallSql("pricing", "models/sql/tiers_of_a_rule_in_force_never_change.sql", "c9b519fb6f68"),
        # Charges, and what they name.
        InstallSql("pricing", "models/sql/a_charge_is_never_edited.sql", "638cf3120c6e"),
        InstallSql("pricing", "models/sql/charges_name_a_period_and_a_rule_in_force.sql", "9fffa4f8719c"),
        InstallSql("pricing", "models/sql/an_action_is_voided_never_deleted.sql", "18dd2cede500"),
        # Closed periods.
        InstallSql("pricing", "models/sql/a_period_closes_only_with_nothing_unrated.sql", "86f7cb4a2bed"),
        InstallSql("pricing", "models/sql/a_closed_period_gets_no_new_charges.sql", "8d5011f85983"),
        InstallSql("pricing", "models/sql/charges_of_a_closed_period_are_never_deleted.sql", "e93273e57da4"),
        InstallSql("pricing", "models/sql/terms_of_a_closed_period_never_change.sql", "49de697873e8"),
        InstallSql("pricing", "models/sql/a_rule_ends_by_revision_or_retirement.sql", "27128f596471"),
        InstallSql("pricing", "models/sql/prices_and_charges_are_never_emptied.sql", "f731f881161f"),
        InstallSql("pricing", "models/sql/a_change_to_the_book_is_stamped.sql", "e7f9b2c660f3"),
    ]
