"""verify.py: one file, current, that runs in an empty virtual environment and needs nothing of ours."""

import json
import subprocess
import venv
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from invoices.domain.proof.keys import published
from invoices.domain.proof.one_charge import NoSuchCharge, id_of, prove_charge
from invoices.domain.proof.published import FILE, generated
from invoices.domain.proof.seal import NoProof, proof_of
from invoices.models import Invoice, InvoiceProof
from leads.models import Action
from pricing.models import Charge
from tests.invoices.made import a_draft, issued
from tests.invoices.proof.sealed import bundle_of, changed, files_of, october, written


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python without any package."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def invoice(frank: User, signing: str) -> Invoice:
    return october(frank)


def run(python: Path, folder: Path, *arguments: object) -> tuple[int, str]:
    """Run the program as it is published, alone in a folder."""
    program = folder / "verify.py"
    program.write_bytes(FILE.read_bytes())
    done = subprocess.run(
        [python, "-I", program, *map(str, arguments)],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_published_program_is_that_of_the_sources() -> None:
    """If this fails: python -m invoices.domain.proof.published."""
    assert FILE.read_text(encoding="utf-8") == generated()


@pytest.mark.django_db
def test_it_proves_a_bundle_without_the_project(invoice: Invoice, python: Path, tmp_path: Path) -> None:
    bundle = bundle_of(invoice)
    code, words = run(python, tmp_path, written(bundle, tmp_path))

    proof = InvoiceProof.objects.get()
    digits = proof.root
    groups = [digits[place : place + 4] for place in range(0, 64, 4)]
    key = " ".join(proof.key.digest[place : place + 4] for place in range(0, 32, 4))
    assert code == 0
    assert words == (
        "INVOICE-proof.zip\n"
        f"signature    ok   Lead Billing Engine, key {key} (compare with the key on the PDF)\n"
        "7 files      ok   as they were signed\n"
        f"invoice      ok   {invoice.number} of ACME, 2026-10\n"
        "8 actions    ok   5 priced, 3 not charged, none left over\n"
        "8 charges    ok   worked out again, equal to the last digit\n"
        "6 lines      ok   47.02 USD, rounded once per line\n"
        "total        ok   51.72 USD with tax 4.70 USD\n"
        "chain        ok   the first invoice with a proof\n"
        f"fingerprint  {' '.join(groups[:8])}\n"
        f"             {' '.join(groups[8:])}\n"
    )
    assert run(python, tmp_path, "--key", key, tmp_path / "INVOICE-proof.zip")[0] == 0
    assert run(python, tmp_path, "--key", "0" * 32, tmp_path / "INVOICE-proof.zip")[0] == 1
    assert run(python, tmp_path, "--key", key[:10], tmp_path / "INVOICE-proof.zip")[0] == 2


@pytest.mark.django_db
def test_it_stops_with_1_and_names_what_differs(invoice: Invoice, python: Path, tmp_path: Path) -> None:
    bundle = bundle_of(invoice)
    wrong = changed(bundle, "rules.json", lambda content: content.replace(b'"18.005000"', b'"18.006000"'))
    code, words = run(python, tmp_path, written(wrong, tmp_path))

    assert code == 1
    assert "7 files      NO" in words
    assert "differs: rule 1.1: it is not the rule that was signed\n" in words
    assert "by rule 1.1: amount '18.005000', worked out '18.006000'; full_amount" in words
    code, words = run(python, tmp_path, written(bundle + b"x", tmp_path))
    assert (code, words) == (
        1,
        "INVOICE-proof.zip: refused. It is not a zip file, or there are bytes after its end.\n",
    )


@pytest.mark.django_db
def test_one_charge_is_proven_without_the_others(invoice: Invoice, python: Path, tmp_path: Path) -> None:
    bundle = bundle_of(invoice)
    action = Action.objects.get(pk=Charge.objects.filter(amount="18.005", period=invoice.period).get().pk)
    proof = prove_charge(proof_of(invoice), id_of(action))
    shown = json.loads(proof)
    lines = files_of(bundle)["actions.ndjson"].decode().splitlines(keepends=True)
    path = tmp_path / "charge.json"
    path.write_bytes(proof)

    assert shown["action"] in lines
    assert [line for line in lines if line != shown["action"] and json.loads(line)["lead"] in proof.decode()] == []
    assert files_of(bundle)["invoice.json"].decode().partition('"salt": "')[2][:64] not in proof.decode()
    code, words = run(python, tmp_path, path)
    assert code == 0
    assert f"charge       ok   18.005000 charged, number {shown['place']} of 8 on {invoice.number}\n" in words

    for changed_to in (shown | {"charge": shown["charge"].replace("18.005000", "18.004000")}, shown | {"place": 2}):
        path.write_text(json.dumps(changed_to))
        code, words = run(python, tmp_path, path)
        assert code == 1
        assert f"is not on invoice {invoice.number}\n" in words
    path.write_text("{}")
    assert (
        run(python, tmp_path, path)[1] == "charge.json: refused. It is not in the format lead-billing-charge-proof-1.\n"
    )


@pytest.mark.django_db
def test_a_charge_that_is_not_there_has_no_proof(invoice: Invoice, frank: User) -> None:
    bundle_of(invoice)
    for wrong in ("000009", "000000", "1", "x", "-00001", "٠٠٠٠٠١"):
        with pytest.raises(NoSuchCharge):
            prove_charge(proof_of(invoice), wrong)
    with pytest.raises(NoProof):
        proof_of(issued(a_draft(1), frank))


@pytest.mark.django_db
def test_the_command_says_the_same_with_the_keys_of_this_installation(
    invoice: Invoice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(bundle_of(invoice), tmp_path)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(published()))

    call_command("verify_bundle", path)
    assert "signature    ok   Lead Billing Engine, key" in capsys.readouterr().out
    call_command("verify_bundle", path, "--keys", keys)
    keys.write_text(json.dumps({"keys": [{"digest": "0" * 64, "valid_from": None, "valid_to": None}]}))
    with pytest.raises(SystemExit) as end:
        call_command("verify_bundle", path, "--keys", keys)
    assert end.value.code == 1
    assert "it is not one of the keys you trust" in capsys.readouterr().out
    keys.write_text("{}")
    with pytest.raises(CommandError):
        call_command("verify_bundle", path, "--keys", keys)


@pytest.mark.django_db
def test_the_keys_and_the_program_are_at_a_well_known_address(invoice: Invoice, client: Client) -> None:
    bundle_of(invoice)
    keys, program = (client.get(f"/.well-known/billing-proof/{name}") for name in ("keys.json", "verify.py"))

    assert keys.json() == published()
    assert [key["digest"] for key in keys.json()["keys"]] == [InvoiceProof.objects.get().key.digest]
    assert program.content == FILE.read_bytes()
    assert client.post("/.well-known/billing-proof/keys.json").status_code == 405


@pytest.mark.django_db
def test_the_page_of_the_invoice_gives_the_bundle(invoice: Invoice, viewer: Client) -> None:
    page = f"/admin/invoices/invoice/{invoice.pk}/change/"
    address = f"/admin/invoices/invoice/{invoice.pk}/download_proof/"
    assert "Download proof" not in viewer.get(page).content.decode()
    assert viewer.get(address).status_code == 302

    bundle = bundle_of(invoice)
    html = viewer.get(page).content.decode()
    assert f"{invoice.number}-proof.zip" in html
    assert "Download proof" in html
    answer = viewer.get(address)
    assert b"".join(answer.streaming_content) == bundle  # type: ignore[attr-defined]  # of a streamed answer
    assert json.loads(viewer.get(address, {"charge": "000003"}).content)["place"] == 3
    assert viewer.get(address, {"charge": "9"}).status_code == 302
    assert Client().get(address).status_code == 302
