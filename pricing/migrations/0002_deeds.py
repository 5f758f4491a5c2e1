from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("pricing", "0001_initial"),
    ]

    operations = [
        # The deed log says it all.
        migrations.DeleteModel(name="RuleChange"),
        # A person voids too.
        migrations.AlterField(
            model_name="charge",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("voided", "Voided"),
                    ("not_billable", "Not a billable action type"),
                    ("test_lead", "Test lead"),
                    ("outside_contract", "Outside the contract's dates"),
                    ("excluded_contact", "Contact on the exclusion list"),
                    ("waived", "Waived by a person"),
                    ("already_charged", "Already charged"),
                    ("not_highest", "Not the highest-priced action of its lead"),
                ],
                max_length=20,
            ),
        ),
    ]
