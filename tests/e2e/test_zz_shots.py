from datetime import timedelta
from dataclasses import replace
from django.utils.timezone import now
from billing_engine.core.tables.formats import FORMATS
from reports.domain.exports.ask import ask
from reports.domain.exports.write import EXPORTS
from reports.models import Export
from tests.e2e.conftest import log_in
from tests.invoices.made import a_price, an_open_period, billed, received
from tests.reports.exports import numbers

def test_shots(page, people, monkeypatch):
    frank = people["finance"]
    period = an_open_period(name="Kowalski, Hernández & Söhne International Manufacturing", code="KOWAL"); a_price(); received(period, 1, 2); billed(period)
    q=f"customer={period.customer_id}&month=2026-10"
    done = ask("activity", q, "xlsx", by=frank, at=now()); EXPORTS.work(done.pk, attempt=0, at=now())
    exp = ask("activity", q, "csv", by=frank, at=now()-timedelta(days=8)); EXPORTS.work(exp.pk, attempt=0, at=now()-timedelta(days=8)); EXPORTS.tidy(at=now())
    fail = ask("numbers", "rows=3", "csv", by=frank, at=now()); Export.objects.filter(pk=fail.pk).update(query="rows=x"); EXPORTS.work(fail.pk, attempt=0, at=now())
    run = ask("numbers", "rows=1000000", "parquet", by=frank, at=now()); Export.objects.filter(pk=run.pk).update(state="running", rows_written=312000, size=31_000_000, started_at=now(), next_attempt_at=now()+timedelta(minutes=5))
    wait = ask("activity", q, "pdf", by=frank, at=now())
    log_in(page, "finance")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for name, at in {"list":"/admin/reports/export/", "done":f"/admin/reports/export/{done.pk}/change/","run":f"/admin/reports/export/{run.pk}/change/","exp":f"/admin/reports/export/{exp.pk}/change/", "fail":f"/admin/reports/export/{fail.pk}/change/", "act":f"/admin/reports/activity/?{q}"}.items():
            page.goto(at); page.wait_for_timeout(300); page.screenshot(path=f"/tmp/ex-{name}-{width}.png")
        monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], while_waiting=0))
        page.goto(f"/admin/reports/activity.csv?{q}"); page.screenshot(path=f"/tmp/ex-ask-{width}.png")
    page.goto("/admin/reports/export/?state__exact=stopped"); page.screenshot(path=f"/tmp/ex-none.png")
