"""The proof of a month: how long it takes to seal and to verify, and with how much memory."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils.timezone import now

from invoices.domain.proof.published import FILE
from invoices.domain.proof.seal import content_of, seal
from invoices.models import Invoice
from tests.bench.worker import forget_peak, peak_mb

KEY = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"  # the first of RFC 8032's examples
# Runs the program, and says what it needed; alone, so that it needs nothing of ours.
MEASURED = """
import json, pathlib, runpy, sys, time
sys.argv, began, code = sys.argv[1:], time.perf_counter(), 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code or 0
took, status = time.perf_counter() - began, pathlib.Path("/proc/self/status")
peak = int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024 if status.exists() else 0
print(json.dumps({"code": code, "s": took, "busy": time.process_time(), "mb": peak}))
"""


@dataclass(frozen=True, slots=True)
class Proven:
    """What sealing and verifying one bundle took."""

    charges: int
    bundle_mb: float
    seal_s: float
    seal_busy_s: float
    grown_mb: float
    verify_s: float
    verify_busy_s: float
    verify_mb: float


@override_settings(PROOF_SIGNING_KEY=KEY)
def proof_of(invoice: Invoice) -> Proven:
    """Seal the invoice in this process, and verify the bundle in one of its own."""
    assert settings.PROOF_SIGNING_KEY == KEY
    connection.ensure_connection()
    backend = psutil.Process(connection.connection.info.backend_pid)
    forget_peak()
    before, began, busy = psutil.Process().memory_info().rss / 1024**2, time.perf_counter(), _busy(backend)
    proof = seal(invoice, at=now())
    took, busy = time.perf_counter() - began, _busy(backend) - busy
    if proof is None:
        raise RuntimeError("The month does not prove; what differs is in the log.")
    grown = peak_mb() - before
    with TemporaryDirectory() as folder:
        bundle, program = Path(folder) / "proof.zip", Path(folder) / "verify.py"
        bundle.write_bytes(b"".join(content_of(proof)))
        program.write_bytes(FILE.read_bytes())
        command = [sys.executable, "-I", "-S", "-c", MEASURED, str(program), str(bundle)]
        done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    if said["code"]:
        raise RuntimeError(done.stdout)
    size = proof.size / 1024**2
    return Proven(proof.charges, size, took, busy, grown, said["s"], said["busy"], said["mb"])


def _busy(backend: psutil.Process) -> float:
    """Seconds of processor time of this process and its backend."""
    own = backend.cpu_times()
    return time.process_time() + own.user + own.system
