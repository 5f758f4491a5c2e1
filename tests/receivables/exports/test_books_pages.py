"""The pages of the books: what is new, the export, its file, and who may."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from leads.domain.companies import prefix_faults
from leads.domain.number_prefixes import check_own_numbers
from leads.models import Company
from receivables.domain.exports.write import BOOKS
from receivables.models import AccountMapping, BookExport
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.exports.made import DECEMBER_2, with_accounts

pytestmark = pytest.mark.django_db
ASKED = {"kind": "general_ledger", "company": "", "month": "2026-11", "as_of": ""}


def test_finance_sees_what_is_new_exports_it_and_downloads_the_same_bytes_again(client: Client) -> None:
    frank = with_role("Finance")
    client.force_login(frank)
    issued(a_draft(), frank)
    page = reverse("admin:receivables_new_export")
    assert "has no account for receivable yet" in client.get(page, ASKED).content.decode()
    with_accounts()

    shown = client.get(page, ASKED).content.decode()
    answer = client.post(page, ASKED)

    assert "1 document" in shown
    assert "$7.50" in shown
    export = BookExport.objects.get()
    assert answer["Location"] == reverse("admin:receivables_bookexport_change", args=[export.pk])
    file = reverse("admin:receivables_bookexport_file", args=[export.pk])
    assert client.get(file).status_code == 404
    assert "Waiting for a worker" in client.get(answer["Location"]).content.decode()
    BOOKS.work(export.pk, attempt=0, at=DECEMBER_2)
    export.refresh_from_db()
    files = [client.get(file) for _ in range(2)]
    assert {bytes(each.content) for each in files} == {bytes(export.content or b"")}
    assert files[0]["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    assert export.file_name in client.get(answer["Location"]).content.decode()
    assert export.sha256[:12] in client.get(reverse("admin:receivables_bookexport_changelist")).content.decode()
    assert "no new document" in client.get(page, ASKED).content.decode()


def test_viewers_see_the_books_and_export_nothing(client: Client) -> None:
    issued(a_draft(), with_role("Finance"))
    with_accounts()
    client.force_login(with_role("Viewer"))
    page = reverse("admin:receivables_new_export")

    assert "Export</button>" not in client.get(page, ASKED).content.decode()
    assert client.post(page, ASKED).status_code == 403
    assert not BookExport.objects.exists()


def test_an_account_is_added_once_and_faults_are_named(client: Client) -> None:
    client.force_login(with_role("Finance"))
    page = reverse("admin:receivables_accountmapping_add")
    cash = {"seller": "", "account": "cash", "tax": "", "product": "", "code": "1000", "tax_code": ""}

    for given, words in (
        (cash, ""),
        (cash, "already has an account for it"),
        (cash | {"account": "tax"}, "Name the tax for a tax account"),
        (cash | {"code": " "}, "required"),
    ):
        assert words in client.post(page, given, follow=True).content.decode()
    assert list(AccountMapping.objects.values_list("account", "code")) == [("cash", "1000")]


def test_a_number_longer_than_quickbooks_takes_is_refused_where_its_prefix_is_set() -> None:
    longest, longer = (
        Company(name="Ours", code="OURS", number_prefix=prefix, number_digits=6)
        for prefix in ("INV-ABCDEF-{year}", "INV-ABCDEFG-{year}")
    )

    assert prefix_faults(longest) == []
    own = Company(name="Ours", code="OURS", number_prefix="NORTHLIGHT{year}", number_digits=5)
    [of_notes] = prefix_faults(own)
    assert of_notes.words.startswith("Credit notes would have numbers of 22 characters;")
    with pytest.raises(ImproperlyConfigured, match="SELLER_NUMBER_PREFIX: Credit notes would have numbers of 22"):
        check_own_numbers({"number_prefix": "NORTHLIGHT{year}", "number_digits": 5})
    [fault] = prefix_faults(longer)
    assert (fault.field, fault.code) == ("number_prefix", "number_too_long")
    assert fault.words == (
        "Invoices would have numbers of 22 characters; accounting systems such as QuickBooks Online take at most 21."
        " Shorten the prefix or use fewer digits."
    )
