"""Render the HTML on standard input with WeasyPrint, using a Python that has it: `python weasy.py ROUNDS < invoice.html`.

As tagged PDF/UA-1, which is the nearest it has to what ours is (PDF/A-2a and PDF/UA-1).
"""

import json
import resource
import sys
import time

from weasyprint import HTML


def main(rounds: int) -> None:
    """Seconds of each round after a warm-up round, and the peak memory."""
    html = sys.stdin.read()
    HTML(string="<p>warm</p>").write_pdf()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        size = len(HTML(string=html).write_pdf(pdf_variant="pdf/ua-1"))
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "bytes": size}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
