"""How the web server in front of gunicorn treats requests. Real NGINX, real gunicorn."""

import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from leads.domain import limits
from tests.deploy.roles import BALANCER, CHECKOUT, PASSWORD, Deployed, wait

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("nginx")]

DELIVERY = "/api/v1/deliveries"


def test_a_static_file_comes_from_nginx_packed_and_to_be_kept_for_ever(engine: Deployed):
    names = json.loads((CHECKOUT / "var/static/staticfiles.json").read_text(encoding="utf-8"))["paths"]
    status, headers, body = _ask(engine, "GET", f"/static/{names['unfold/css/styles.css']}", Accept_Encoding="gzip")

    assert status == 200
    assert headers["content-type"] == "text/css"
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "expires" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert body[:2] == b"\x1f\x8b"
    assert "/static/" not in engine.log("web")


def test_a_static_file_without_a_hash_in_its_name_is_kept_for_an_hour(engine: Deployed):
    headers = _ask(engine, "GET", "/static/unfold/css/styles.css")[1]

    assert headers["cache-control"] == "public, max-age=3600"


def test_addresses_of_one_ipv6_network_share_their_attempts_to_log_in(engine: Deployed):
    def posted(address: str) -> int:
        return _ask(engine, "POST", "/admin/login/", b"x", source=BALANCER, X_Forwarded_For=address)[0]

    answers = [posted(f"2001:db8:0:7::{number:x}") for number in range(1, 10)]
    answers += [posted(f"2001:db8:0:7:{number:x}:1:2:3") for number in range(1, 4)]

    assert answers[-1] == 429
    assert [posted(address) for address in ("2001:db8:0:8::1", "2001:db8::1", "198.51.100.7")] == [403, 403, 403]


def test_somebody_logs_in_to_the_admin(engine: Deployed):
    status, cookie = _log_in(engine, PASSWORD)

    assert status == 302
    status, headers, body = _ask(engine, "GET", "/admin/", Cookie=cookie)
    assert (status, b"Log out" in body) == (200, True)
    assert "script-src 'self' 'unsafe-eval';" in headers["content-security-policy"]
    assert [
        name for name in headers if name in SAID_ONCE and "," in headers[name] and name != "permissions-policy"
    ] == []
    assert set(headers) >= SAID_ONCE


def test_the_portal_has_the_stricter_policy_under_its_path_and_at_its_own_host(engine: Deployed):
    def scripts(path: str, **headers: str) -> str:
        policy = _ask(engine, "GET", path, **headers)[1]["content-security-policy"]
        return policy.split("script-src ")[1].split(";")[0]

    strict, wide = "'self'", "'self' 'unsafe-eval'"
    at_host = [scripts(path, Host="Billing.Example.com:8443") for path in ("/", "/portal/log-in/", "/nginx-livez")]
    elsewhere = [scripts(path) for path in ("/admin/login/", "/nginx-livez", "/portal/log-in/")]
    other = scripts("/", Host="billing.example.com.evil.example")

    assert (at_host, elsewhere, other) == ([strict] * 3, [wide, wide, strict], wide)


def test_too_many_attempts_to_log_in_from_one_address_have_to_wait_and_another_address_has_not(engine: Deployed):
    answers = [_ask(engine, "POST", "/admin/login/", b"x", source="127.0.0.9") for _ in range(9)]

    refused = [headers for status, headers, _ in answers if status == 429]
    assert [status for status, *_ in answers][-1] == 429
    assert len(refused) >= 2
    assert {headers["retry-after"] for headers in refused} == {"60"}
    assert _ask(engine, "POST", "/admin/login/", b"x", source="127.0.0.10")[0] == 403
    assert _ask(engine, "GET", "/admin/login/", source="127.0.0.9")[0] == 200


def test_the_largest_delivery_goes_through(engine: Deployed):
    body = _lead("large", filler=limits.BYTES)
    assert len(body) == limits.BYTES

    status, _, answer = _deliver(engine, body)

    assert (status, json.loads(answer)["counts"]["leads_received"]) == (202, 1), answer


def test_a_delivery_of_20_mb_of_leads_goes_through_and_every_action_is_stored(engine: Deployed):
    filler = "x" * 940
    leads = [
        {
            "id": f"many-{number}",
            "product": {"sku": "T", "customer": "C"},
            "contact": {"name": "A"},
            "actions": [
                {
                    "id": f"{number}-{place}",
                    "type": "page_view",
                    "occurred_at": "2026-10-31T17:41:09Z",
                    "attributes": {"note": filler},
                }
                for place in range(4)
            ],
        }
        for number in range(4_700)
    ]
    body = json.dumps(leads).encode()
    assert 20_000_000 <= len(body) <= limits.BYTES

    status, _, answer = _deliver(engine, body)

    counts = json.loads(answer)["counts"]
    assert (status, counts["leads_received"], counts["actions_received"]) == (202, 4_700, 18_800), answer[:500]


def test_far_too_much_is_refused_by_nginx_in_the_form_of_the_api(engine: Deployed):
    status, headers, answer = _deliver(engine, b"x" * (22 * 1024 * 1024))

    problem = json.loads(answer)
    assert status == 413
    assert headers["content-type"].startswith("application/problem+json")
    assert (problem["status"], problem["code"]) == (413, "too_large")
    assert problem["type"] == "urn:lead-billing:problem:too_large"


@pytest.mark.parametrize(
    ("bytes_sent", "headers", "status", "code"),
    [
        (limits.BYTES + 1, {}, 413, "too_large"),
        (limits.BYTES, {"Authorization": "Bearer wrong"}, 401, "key_not_valid"),
        (limits.BYTES, {"Content_Type": "image/png"}, 415, "unsupported_media_type"),
    ],
)
def test_a_large_body_refused_unread_gets_its_refusal_every_time_and_never_come_again(
    engine: Deployed, bytes_sent: int, headers: dict[str, str], status: int, code: str
):
    answers = [_deliver(engine, b"x" * bytes_sent, **headers) for _ in range(20)]

    assert [(heard, json.loads(answer)["code"]) for heard, _, answer in answers] == [(status, code)] * 20
    assert {said["content-type"] for _, said, _ in answers} == {"application/problem+json"}


def test_the_longest_ids_there_can_be_are_asked_for_and_longer_addresses_refused_in_the_same_form(engine: Deployed):
    longest = "%F0%9F%98%80" * 200
    status, headers, answer = _ask(engine, "GET", f"/api/v1/actions/web/{longest}?lead={longest}")
    assert (status, json.loads(answer)["code"]) == (401, "not_authenticated")

    status, headers, answer = _ask(engine, "GET", f"/api/v1/actions/web/{longest * 4}")

    assert (status, headers["content-type"]) == (414, "application/problem+json")
    assert json.loads(answer)["code"] == "address_too_long"


def test_large_bodies_are_for_deliveries_and_uploads_only(engine: Deployed):
    large = b"x" * 2 * 1024 * 1024
    uploads = ("bankfile/upload/", "disputes/open/", "dispute/1/add/")
    for upload in (f"/admin/receivables/{each}" for each in uploads):
        assert _ask(engine, "POST", upload, large, source="127.0.0.11")[0] in (302, 403)
    assert _ask(engine, "POST", "/admin/login/", b"x" * 2 * 1024 * 1024, source="127.0.0.11")[0] == 413


def test_the_token_in_the_address_of_a_webhook_is_in_no_log(engine: Deployed):
    status = _ask(engine, "POST", "/api/v1/hooks/web/lbh_0a1b2c3d_Secret", b"{}", Content_Type="application/json")[0]

    [log] = engine.folder.rglob("access.log")
    wait(engine.running["nginx"], lambda: '"POST /api/v1/hooks/web/[token]" 404' in log.read_text(encoding="utf-8"))
    assert (status, "lbh_0a1b2c3d" in log.read_text(encoding="utf-8") + engine.log("web")) == (404, False)


def test_no_secret_in_an_address_is_in_any_log_of_nginx(engine: Deployed):
    key, pay, words = (
        "lbh_0a1b2c3d_Another",
        "/pay/ABCDEFghijklmnopqrstuvwxyz0123456789_-ABCDE/",
        "token=of-an-invitation",
    )
    large = b"x" * 400 * 1024  # more than NGINX keeps in memory: it warns, with the whole address
    _ask(engine, "POST", f"/api/v1/hooks/web/{key}", large, Content_Type="application/json")
    _ask(engine, "POST", f"{pay}?{words}", large, Referer=f"http://localhost/portal/invitation/?{words}")
    _ask(engine, "GET", "/api/v1/actions/ann@studio.example/A-1")

    [log] = engine.folder.rglob("access.log")
    shown = ("/api/v1/hooks/web/[token]", "/pay/[token]", "/api/v1/actions/[email]")
    wait(engine.running["nginx"], lambda: all(each in log.read_text(encoding="utf-8") for each in shown))
    wait(engine.running["nginx"], lambda: engine.log("nginx").count("buffered to a temporary file") >= 2)
    said = log.read_text(encoding="utf-8") + engine.log("nginx") + engine.log("web")
    assert [each for each in (key, pay, words, "ann@studio") if each in said] == []


def test_slow_clients_keep_nobody_waiting(engine: Deployed):
    head = f"POST {DELIVERY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n".encode()
    slow = [socket.create_connection(("127.0.0.1", engine.nginx)) for _ in range(30)]
    for one in slow:
        one.sendall(head + b"{")

    start = time.monotonic()
    status, *_ = _ask(engine, "GET", "/readyz?only=database")
    took = time.monotonic() - start
    for one in slow:
        one.close()

    assert status == 200
    assert took < 2


def test_reloads_under_load_fail_no_request(engine: Deployed):
    gunicorn, nginx = engine.running["web"], engine.running["nginx"]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_deliver, engine, _lead(f"reload-{number}")) for number in range(120)]
        for process in (nginx, gunicorn, nginx, gunicorn):
            time.sleep(0.2)
            process.send_signal(signal.SIGHUP)
        statuses = [each.result()[0] for each in asked]

    assert statuses == [202] * 120
    wait(gunicorn, lambda: engine.log("web").count("Handling signal: hup") == 2)
    wait(nginx, lambda: _ask(engine, "GET", "/livez")[0] == 200)


def test_the_address_and_the_id_of_a_request_are_believed_from_the_load_balancer_only(engine: Deployed):
    mark = len(engine.log("web"))
    given = {"X_Forwarded_For": "1.2.3.4, 203.0.113.9", "X_Request_ID": "from-the-balancer"}
    answers = [_ask(engine, "GET", "/no/such/page", source=source, **given) for source in ("127.0.0.7", BALANCER)]
    wait(engine.running["web"], lambda: engine.log("web")[mark:].count("/no/such/page") == 2)

    strange, known = (headers["x-request-id"] for _, headers, _ in answers)
    assert (bool(re.fullmatch(r"[0-9a-f]{32}", strange)), known) == (True, "from-the-balancer")
    told = re.findall(r"GET /no/such/page 404 in \S+ ms (.*)", engine.log("web")[mark:])
    assert [dict(word.split("=") for word in line.split()) for line in told] == [
        {"request": strange, "address": "127.0.0.7"},
        {"request": known, "address": "203.0.113.9"},
    ]


def test_metrics_are_gunicorns_to_tell_and_never_nginxs(engine: Deployed):
    for path in ("/metrics", "/metrics?x=1", "//metrics", "/%6detrics", "/static/../metrics"):
        status, _, body = _ask(engine, "GET", path)
        assert (status, b"lead_billing" in body) == (404, False)

    with urlopen(f"http://127.0.0.1:{engine.web}/metrics", timeout=10) as answer:
        assert b'lead_billing_answers{part="database"} 1.0' in answer.read()


def test_every_process_counts_into_what_any_of_them_answers(engine: Deployed):
    before = _answered(engine)
    with ThreadPoolExecutor(8) as pool:
        assert {each[0] for each in pool.map(lambda _: _ask(engine, "GET", "/admin/login/"), range(40))} == {200}

    assert _answered(engine) - before == 40
    engine.running["web"].send_signal(signal.SIGHUP)
    wait(engine.running["web"], lambda: "Booting worker" in engine.log("web").rpartition("hup")[2])
    assert _answered(engine) - before == 40


def test_gunicorns_own_words_go_the_way_of_every_line(engine: Deployed):
    try:
        _restart_web(engine, LOG_FORMAT="json")
        _ask(engine, "GET", "/no/such/page")
    finally:
        _restart_web(engine)
    text = engine.log("web")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    assert {"gunicorn.error", "billing_engine.requests"} <= {line["logger"] for line in lines}
    assert any(line["event"].startswith("Listening at") for line in lines)
    first = text.index('{"timestamp"')
    assert [line for line in text[first:].splitlines() if not re.match(r"\{|\d{4}-\d\d-\d\dT", line)] == []


def test_https_is_believed_from_the_load_balancer_only(engine: Deployed):
    try:
        _restart_web(engine, HTTPS="1", SECRET_KEY="0123456789" * 5, ALLOWED_HOSTS="127.0.0.1")
        ours = _ask(engine, "GET", "/admin/login/", source=BALANCER, X_Forwarded_Proto="https")
        spoofed = _ask(engine, "GET", "/admin/login/", source="127.0.0.7", X_Forwarded_Proto="https")
        nonsense = _ask(engine, "GET", "/admin/login/", source=BALANCER, X_Forwarded_Proto="javascript")
        health = _ask(engine, "GET", "/livez", Host="10.0.0.7")
    finally:
        _restart_web(engine)

    assert [status for status, *_ in (ours, spoofed, nonsense, health)] == [200, 301, 301, 200]


def test_where_gunicorn_is_gone_the_answer_says_when_to_come_back(engine: Deployed):
    try:
        assert engine.stop("web") == 0
        status, headers, body = _deliver(engine, _lead("nobody-there"))
    finally:
        _start_web(engine)

    assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "5", "busy")
    assert headers["x-frame-options"] == "DENY"


def test_nginx_waits_longer_than_gunicorn_works_and_hangs_up_later_than_the_load_balancer():
    text = (CHECKOUT / "deploy/nginx/nginx.conf.template").read_text(encoding="utf-8")
    gunicorn = (CHECKOUT / "deploy/gunicorn.conf.py").read_text(encoding="utf-8")
    seconds = {name: int(value) for name, value in re.findall(r"(\w+) (\d+)s;", text)}
    timeout = int(re.findall(r"^timeout = (\d+)", gunicorn, re.MULTILINE)[0])

    assert timeout < seconds["proxy_read_timeout"]
    assert seconds["keepalive_timeout"] > 70  # the setting of the load balancer in templates/ecs.infra.yml
    assert "client_max_body_size 21m;" in text


def _answered(engine: Deployed) -> int:
    """How many login pages all processes together have served."""
    with urlopen(f"http://127.0.0.1:{engine.web}/metrics", timeout=10) as answer:
        found = re.findall(
            r'request_seconds_count\{method="GET",route="admin/login/",status="2xx"\} (\S+)', answer.read().decode()
        )
    return sum(int(float(each)) for each in found)


SAID_ONCE = {
    "content-security-policy",
    "permissions-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
}


def _ask(
    engine: Deployed, method: str, path: str, body: bytes | None = None, source: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", engine.nginx, timeout=60, source_address=(source, 0))
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        said: dict[str, str] = {}
        for name, value in answer.getheaders():
            said[name.lower()] = f"{said[name.lower()]}, {value}" if name.lower() in said else value
        return answer.status, said, answer.read()
    finally:
        connection.close()


def _deliver(engine: Deployed, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent = {"Authorization": f"Bearer {engine.key}", "Content_Type": "application/json"} | headers
    return _ask(engine, "POST", DELIVERY, body, **sent)


def _lead(name: str, *, filler: int = 0) -> bytes:
    """One lead; with a filler of that many bytes, the spaces that JSON allows after it."""
    lead = {"id": name, "product": {"sku": "T", "customer": "C"}, "contact": {"name": "A"}, "actions": []}
    return json.dumps(lead).encode().ljust(filler)


def _log_in(engine: Deployed, password: str) -> tuple[int, str]:
    _, headers, body = _ask(engine, "GET", "/admin/login/")
    token = re.findall(rb'name="csrfmiddlewaretoken" value="(\w+)"', body)[0].decode()
    cookie = headers["set-cookie"].split(";")[0]
    form = urlencode({"login": "root", "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"})
    status, headers, _ = _ask(
        engine, "POST", "/admin/login/", form.encode(), Cookie=cookie, Content_Type="application/x-www-form-urlencoded"
    )
    return status, "; ".join(re.findall(r"((?:sessionid|csrftoken)=\w+)", headers.get("set-cookie", "")))


def _restart_web(engine: Deployed, **more: str) -> None:
    engine.stop("web")
    _start_web(engine, **more)


def _start_web(engine: Deployed, **more: str) -> None:
    web = engine.start("web", **more)
    wait(web, lambda: _ask(engine, "GET", "/livez")[0] == 200)
