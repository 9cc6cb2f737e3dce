"""What schemathesis cannot make up: things that are there, versions that are current, people who may be locked out.

Of the requests that are right by the document, every other one is led to something that exists, so that each operation comes
to its end; the rest goes as it was made up. Requests that are wrong on purpose are left alone.

Environment: ORDERBRIDGE_URL, ORDERBRIDGE_EMAIL and ORDERBRIDGE_PASSWORD of an admin who outlives the run,
ORDERBRIDGE_APP_SECRET of the connected shop, ORDERBRIDGE_METRICS_TOKEN, and ORDERBRIDGE_COUNTS, the file that the counts are
written to.
"""

import atexit
import base64
import datetime
import hashlib
import hmac
import itertools
import json
import os
import struct
import time
import uuid

import requests
import schemathesis

ADDRESS = os.environ["ORDERBRIDGE_URL"]
PASSWORD = "quiet amber harbour nine"
# They take no access token; what they take instead is said below.
OPEN = {"setUp", "getSetupState", "signIn", "acceptInvitation", "signOut", "refreshSession"} | {
    "checkLive", "checkReady", "getMetrics", "receiveTikTokWebhook",
}

numbers = itertools.count(1)
turns: dict[str, int] = {}
counts: dict[str, dict[str, int]] = {}

# Each request seems to come from another network, as from people behind a proxy: an address that guesses passwords is slowed
# down more and more, and all of these requests do come from one.
send_from_here = requests.Session.send


def send_from_elsewhere(session, request, **options):
    number = next(numbers)
    request.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return send_from_here(session, request, **options)


requests.Session.send = send_from_elsewhere


def new_email():
    return f"{uuid.uuid4()}@example.com"


def call(method, path, body=None, token=None, headers=None):
    """Asks for something that a request needs; it must be given."""
    headers = {"Authorization": f"Bearer {token or admin()}", **(headers or {})}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    response = requests.request(method, f"{ADDRESS}{path}", json=body, headers=headers, timeout=30)
    if not response.ok:
        raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
    return response


class Admin:
    token = None
    until = 0.0


def admin():
    """The access token of the admin who outlives the run."""
    if time.monotonic() >= Admin.until:
        body = {"email": os.environ["ORDERBRIDGE_EMAIL"], "password": os.environ["ORDERBRIDGE_PASSWORD"]}
        response = requests.post(f"{ADDRESS}/api/v1/session", json=body, timeout=30)
        Admin.token = response.json()["access_token"]
        Admin.until = time.monotonic() + 300
    return Admin.token


class Person:
    """Somebody made for one purpose, whom nobody misses."""

    def __init__(self, role="admin"):
        self.email = new_email()
        link = call("POST", "/api/v1/invitations", {"email": self.email, "role": role}).json()["link"]
        body = {"token": link.split("#token=")[1], "password": PASSWORD}
        response = requests.post(f"{ADDRESS}/api/v1/invitations/accept", json=body, timeout=30)
        session = response.json()
        self.token = session["access_token"]
        self.id = session["user"]["id"]
        self.cookie = response.cookies["orderbridge_refresh"]

    def begin_second_factor(self):
        """The code of now of an authenticator app that is being set up."""
        body = {"password": PASSWORD}
        secret = call("POST", "/api/v1/profile/second-factor", body, self.token).json()["secret"]
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        # RFC 6238 with its defaults.
        digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
        start = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def set_second_factor(self):
        call("POST", "/api/v1/profile/second-factor/confirm", {"code": self.begin_second_factor()}, self.token)
        return self


@schemathesis.auth().skip_for(lambda context: name_of(context.operation) in OPEN)
class Caller:
    """An admin; another one as soon as this one is locked out, which is what some operations are for."""

    def get(self, case, context):
        return Person().token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.auth(refresh_interval=None).apply_to(lambda context: name_of(context.operation) == "refreshSession")
class Refresher:
    """Somebody whose refresh cookie was not used yet."""

    def get(self, case, context):
        return Person("viewer").cookie

    def set(self, case, cookie, context):
        case.cookies["orderbridge_refresh"] = cookie


def name_of(operation):
    return operation.definition.raw["operationId"]


def token_of(case):
    return case.headers["Authorization"].removeprefix("Bearer ")


def as_person(case, person):
    case.headers["Authorization"] = f"Bearer {person.token}"
    return person


def orders(query=""):
    return call("GET", f"/api/v1/orders?limit=100{query}").json()["items"]


def any_of(things):
    return things[next(numbers) % len(things)]


def order_id():
    return any_of(orders())["id"]


def started(path, body=None, token=None):
    return call("POST", f"/api/v1/{path}", body, token).json()


def webhook():
    # There can be fifty.
    known = call("GET", "/api/v1/webhooks?limit=100").json()["items"]
    for old in known[10:] if len(known) > 40 else []:
        call("DELETE", f"/api/v1/webhooks/{old['id']}", headers={"If-Match": "*"})
    return started("webhooks", {"url": "http://127.0.0.1:9/hooks"})


def api_key():
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    key = {"name": "Tool", "scopes": ["orders:read"], "expires_at": soon.isoformat()}
    return started("api-keys", key)["api_key"]


def connection_id():
    return call("GET", "/api/v1/connections").json()[0]["id"]


def export(case, until_done=False):
    # Everybody's own.
    made = started("exports", {"format": "csv", "order_ids": [order_id()]}, token_of(case))
    while until_done and made["state"] == "running":
        time.sleep(0.05)
        made = call("GET", f"/api/v1/exports/{made['id']}", token=token_of(case)).json()
    return made


def bulk_run(request, ids, until_done=False):
    made = started("bulk-runs", {"request": request, "order_ids": ids})
    while until_done and made["state"] == "running":
        time.sleep(0.05)
        made = call("GET", f"/api/v1/bulk-runs/{made['id']}").json()
    return made


def action_that_waits():
    """Shipping leaves after some seconds, so that it can be undone until then."""
    for order in orders("&status=awaiting_shipment"):
        if "ship" in order["actions"] and order["fulfillment_type"] == "merchant":
            for carrier in call("GET", f"/api/v1/orders/{order['id']}/action-options").json()["carriers"]:
                ship = {"action": "ship", "carrier_id": carrier["id"], "tracking_number": f"6A{next(numbers):011}"}
                return started(f"orders/{order['id']}/actions", ship)
    return None


def delivery(case):
    hook = webhook()
    case.path_parameters.update(id=hook["id"], delivery_id=started(f"webhooks/{hook['id']}/test")["id"])


def at(case, thing):
    if thing is not None:
        case.path_parameters["id"] = thing if isinstance(thing, (int, str)) else thing["id"]


def body(case, **values):
    case.body = values


def invitation():
    return started("invitations", {"email": new_email(), "role": "viewer"})


def signed_by_tiktok(case):
    shop = call("GET", f"/api/v1/connections/{connection_id()}").json()["tiktok"]
    case.body = {
        "type": 1, "tts_notification_id": str(uuid.uuid4()), "shop_id": shop["shop_id"],
        "timestamp": int(time.time()),
        "data": {"order_id": orders()[0]["tiktok_order_id"], "order_status": "AWAITING_SHIPMENT"},
    }
    secret = os.environ["ORDERBRIDGE_APP_SECRET"]
    signed = shop["app_key"].encode() + json.dumps(case.body).encode()
    case.headers["Authorization"] = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def no_second_factor(case):
    as_person(case, Person())
    body(case, password=PASSWORD)


def with_second_factor(case):
    as_person(case, Person("viewer").set_second_factor())
    body(case, password=PASSWORD)


def confirmed(case):
    body(case, code=as_person(case, Person()).begin_second_factor())


def new_password(case):
    as_person(case, Person())
    body(case, current=PASSWORD, new=f"seven quiet violet trams {next(numbers)}")


def signed_in(case):
    body(case, email=Person("viewer").email, password=PASSWORD)


def accepted(case):
    body(case, token=invitation()["link"].split("#token=")[1], password=PASSWORD)


def with_cookie(case):
    case.cookies["orderbridge_refresh"] = Person("viewer").cookie


def own_session(case):
    person = as_person(case, Person())
    at(case, call("GET", "/api/v1/sessions", token=person.token).json()[0])


def connection_body(case):
    case.body = {
        "name": "Maison",
        "tiktok": {"app_key": "key", "app_secret": "secret", "access_token": "a", "refresh_token": "r"},
        "store": {"url": "http://127.0.0.1:9/", "webservice_key": "A1B2C3D4E5F6G7H8A1B2C3D4E5F6G7H8"},
    }


def order_that_is_over():
    over = orders("&channel_status=CANCELLED,DELIVERED,COMPLETED")
    return any_of(over) if over else None


def key_body(case):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    body(case, name="Tool", scopes=["orders:read"], expires_at=soon.isoformat())


def webhook_body(case):
    webhook()
    body(case, url="http://127.0.0.1:9/hooks", description="Warehouse")


# How an operation is led to something that is there.
LED = {
    "acceptInvitation": accepted,
    "beginSecondFactor": no_second_factor,
    "cancelExport": lambda case: at(case, export(case)),
    "cancelReconciliation": lambda case: at(case, started(f"connections/{connection_id()}/reconciliations")),
    "cancelSyncRun": lambda case: at(case, started(f"connections/{connection_id()}/fetch")),
    "changePassword": new_password,
    "confirmSecondFactor": confirmed,
    "createApiKey": key_body,
    "createInvitation": lambda case: body(case, email=new_email(), role="viewer"),
    "createWebhook": webhook_body,
    "deleteWebhook": lambda case: at(case, webhook()),
    "endSession": own_session,
    "endSessions": lambda case: as_person(case, Person()),
    "endUserSessions": lambda case: at(case, Person("viewer").id),
    "eraseBuyer": lambda case: at(case, order_that_is_over()),
    "fetchOrders": lambda case: (at(case, connection_id()), body(case)),
    "getAction": lambda case: at(case, started(f"orders/{order_id()}/actions", {"action": "note", "text": "Seen"})),
    "getApiKey": lambda case: at(case, api_key()),
    "getBulkRun": lambda case: at(case, bulk_run({"action": "tag", "add": ["seen"]}, [order_id()])),
    "getExport": lambda case: at(case, export(case)),
    "getExportFile": lambda case: at(case, export(case, until_done=True)),
    "getInvitation": lambda case: at(case, invitation()["invitation"]),
    "getMetrics": lambda case: case.headers.update(
        {"Authorization": f"Bearer {os.environ['ORDERBRIDGE_METRICS_TOKEN']}"}
    ),
    "getReconciliation": lambda case: at(case, started(f"connections/{connection_id()}/reconciliations")),
    "getSyncRun": lambda case: at(case, started(f"connections/{connection_id()}/fetch")),
    "getUser": lambda case: at(case, Person("viewer").id),
    "getWebhookDelivery": delivery,
    "listBulkRunOrders": lambda case: at(case, bulk_run({"action": "tag", "add": ["seen"]}, [order_id()])),
    "listUserSessions": lambda case: at(case, Person("viewer").id),
    "makeRecoveryCodes": with_second_factor,
    "previewImport": lambda case: at(case, any_of(orders("&import_state=blocked") or orders())),
    "receiveTikTokWebhook": signed_by_tiktok,
    "removeSecondFactor": with_second_factor,
    "removeUser": lambda case: at(case, Person("viewer").id),
    "replayWebhookDelivery": delivery,
    "requestAction": lambda case: (at(case, order_id()), body(case, action="note", text="Seen")),
    "retryBulkRun": lambda case: at(
        case, bulk_run({"action": "accept_cancellation"}, [order_id()], until_done=True)
    ),
    "revokeApiKey": lambda case: at(case, api_key()),
    "signIn": signed_in,
    "signOut": with_cookie,
    "startBulkRun": lambda case: body(case, request={"action": "tag", "add": ["seen"]}, order_ids=[order_id()]),
    "startExport": lambda case: body(case, format="csv", order_ids=[order_id()]),
    "startReconciliation": lambda case: (at(case, connection_id()), body(case, days=1)),
    "stopBulkRun": lambda case: at(case, bulk_run({"action": "tag", "add": ["seen"]}, [order_id()])),
    "testNewConnection": connection_body,
    "undoAction": lambda case: at(case, action_that_waits()),
    "updateApiKey": lambda case: (at(case, api_key()), body(case, name=f"Tool {next(numbers)}")),
    "updateConnection": lambda case: (at(case, connection_id()), body(case, name=f"Maison {next(numbers)}")),
    "updateUser": lambda case: (at(case, Person("viewer").id), body(case, role="operator")),
    "withdrawInvitation": lambda case: at(case, invitation()["invitation"]),
}

# Where things of a kind are, for the operations that need nothing else.
THINGS = {
    "/api/v1/orders/{id}": order_id,
    "/api/v1/connections/{id}": connection_id,
    "/api/v1/webhooks/{id}": webhook,
}


def lead(case):
    name = name_of(case.operation)
    if name in LED:
        LED[name](case)
        return
    for prefix, thing in THINGS.items():
        if case.operation.path.startswith(prefix):
            at(case, thing())


def current_tag(case):
    """The entity tag of what the request is about."""
    path = case.formatted_path.removesuffix("/rotate-secret")
    response = requests.get(f"{ADDRESS}{path}", headers={"Authorization": f"Bearer {admin()}"}, timeout=30)
    return response.headers.get("ETag")


def in_sequence(case):
    """Whether it is a step of a story, in which things are what earlier steps have made."""
    return case.meta.phase.name.value == "stateful"


@schemathesis.hook
def before_call(context, case, kwargs):
    name = name_of(case.operation)
    parameters = case.path_parameters or {}
    # The admin who outlives the run is not to be changed, and would take everybody else along.
    if name in {"removeUser", "updateUser", "endUserSessions"} and str(parameters.get("id")) == "1":
        case.path_parameters["id"] = Person("viewer").id
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    turns[name] = turns.get(name, 0) + 1
    if turns[name] % 2 and not in_sequence(case):
        lead(case)
    elif name == "signIn":
        # Whoever is guessed at is slowed down.
        case.body = {**case.body, "email": new_email()}
    elif name.endswith("SecondFactor") or name in {"changePassword", "makeRecoveryCodes"}:
        as_person(case, Person())
    # What was used before is refused, and so is a version that nobody has any more.
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if "If-Match" in case.headers:
        case.headers["If-Match"] = current_tag(case) or case.headers["If-Match"]
    if "If-None-Match" in case.headers and turns[name] % 2:
        del case.headers["If-None-Match"]


@schemathesis.hook
def after_call(context, case, response):
    if response.request.method != case.operation.method.upper():
        # It asks what the address does with other methods.
        return
    of_operation = counts.setdefault(name_of(case.operation), {})
    status = str(response.status_code)
    of_operation[status] = of_operation.get(status, 0) + 1


@atexit.register
def write_counts():
    with open(os.environ["ORDERBRIDGE_COUNTS"], "w", encoding="utf-8") as file:
        json.dump(counts, file)
