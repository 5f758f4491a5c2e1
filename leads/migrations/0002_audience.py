from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="company",
            options={
                "permissions": [("change_bank_details", "Can change how customers pay, and where they write to")],
                "verbose_name_plural": "companies",
            },
        ),
        migrations.AlterModelOptions(
            name="customer",
            options={
                "permissions": [
                    (
                        "change_finance_terms",
                        "Can change payment terms, taxes, seller and billing contacts of customers",
                    ),
                    ("change_operations_terms", "Can change names and excluded domains of customers"),
                    ("change_commitments", "Can propose changes of contracts, minimums and budgets of customers"),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="delivery",
            options={
                "permissions": [("view_raw_bodies", "Can see what sources sent, word for word, with contact data")],
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.AlterModelOptions(
            name="lead",
            options={"permissions": [("view_contacts", "Can see names, email addresses and phone numbers of leads")]},
        ),
    ]
