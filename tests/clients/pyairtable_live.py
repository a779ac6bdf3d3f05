"""The real pyairtable against the sandbox at SANDBOX_URL."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests
from pyairtable import Api, formulas
from pyairtable.orm import Model
from pyairtable.orm import fields as orm
from pyairtable.utils import Url

URL = os.environ["SANDBOX_URL"]
TOKEN = "patSandbox00000000.sandbox"
BASE = "appaPqizdsNHDvlEm"
TABLE = "tblfbOcVkVnnKxurq"
TEXT, NUMBER, ATTACHMENT = "fldzbVdWW4xJdZ1em", "fldFLyuxGuWobyMV2", "fld5VP9oPeCpvIumr"


@pytest.fixture
def api():
    return Api(TOKEN, endpoint_url=URL)


@pytest.fixture
def base(api):
    base = api.base(BASE)
    yield base
    for webhook in base.webhooks():
        webhook.delete()


@pytest.fixture
def table(base):
    table = base.table("TEST_TABLE")
    yield table
    table.batch_delete([record["id"] for record in table.all()])


def ids(records):
    return {record["id"] for record in records}


def test_one_record_from_creation_to_deletion(table):
    made = table.create({"text": "A", "number": 1, "boolean": True})
    assert table.get(made["id"])["fields"] == {"text": "A", "number": 1, "boolean": True}
    assert table.update(made["id"], {"boolean": False})["fields"] == {"text": "A", "number": 1}
    assert table.update(made["id"], {"number": 2}, replace=True)["fields"] == {"number": 2}
    assert table.delete(made["id"])["deleted"]
    with pytest.raises(requests.HTTPError, match="403"):
        table.get(made["id"])


def test_batches_are_cut_into_tens(table):
    made = table.batch_create([{"number": n} for n in range(23)])
    changed = table.batch_update([{"id": r["id"], "fields": {"text": "x"}} for r in made])
    assert [r["fields"]["number"] for r in changed] == list(range(23))
    assert len(list(table.iterate(page_size=10))) == 3
    assert len(table.batch_delete([r["id"] for r in made])) == 23


def test_fields_by_id(table):
    made = table.create({TEXT: "Hello"}, use_field_ids=True)
    assert made["fields"] == {TEXT: "Hello"}
    assert table.update(made["id"], {TEXT: "Bye"})["fields"] == {"text": "Bye"}
    assert table.all(use_field_ids=True)[0]["fields"] == {TEXT: "Bye"}


@pytest.mark.parametrize("formula", [None, f"text != '{'x' * 17_000}'"], ids=["get", "post"])
@pytest.mark.parametrize(
    "options",
    [
        {"view": "view"},
        {"max_records": 1},
        {"page_size": 1},
        {"offset": ""},
        {"fields": ["text", "number"]},
        {"cell_format": "json"},
        {"sort": ["text", "-number"]},
        {"time_zone": "utc"},
        {"user_locale": "en-ie"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_of_a_list_by_address_and_by_body(table, options, formula):
    made = table.create({"text": "abracadabra"})
    assert table.all(**options, **({"formula": formula} if formula else {})) == [made]


def test_text_cells(table):
    table.create({"number": 1.5, "datetime": "2026-07-01T12:00:00Z"})
    [record] = table.all(cell_format="string", time_zone="Europe/Paris", user_locale="fr")
    assert record["fields"] == {"number": "1.5", "datetime": "7/1/2026 2:00pm"}


def test_formulas_find_their_records(table):
    quoted = f"It's \"quoted\" {uuid4()}"
    now = dt.datetime.now(dt.timezone.utc)
    one = table.create({"text": quoted, "number": 12345, "boolean": True})
    two = table.create({"datetime": now.isoformat()})
    match = formulas.match
    assert table.first(formula=match({"text": quoted, "number": 12345})) == one
    assert table.first(formula=match({"text": quoted, "number": 0})) is None
    assert table.first(formula=match({"text": quoted, "number": 0}, match_any=True)) == one
    assert table.first(formula=match({"number": (">=", 12000)})) == one
    assert table.first(formula=match({"boolean": True})) == one
    assert table.first(formula=match({"datetime": dt.datetime.fromisoformat(two["fields"]["datetime"])})) == two
    found = formulas.FIND(now.date().isoformat(), formulas.Field("datetime"))
    assert ids(table.all(formula=found)) == {two["id"]}
    assert ids(table.all(formula=formulas.AND(formulas.NOT(formulas.Field("text")), "number=0"))) == {two["id"]}


def test_upsert_by_id_by_key_and_anew(table):
    one, two = table.batch_create([{"text": "One"}, {"text": "Two"}])
    result = table.batch_upsert(
        [
            {"id": one["id"], "fields": {"number": 3}},
            {"fields": {"text": "Two", "number": 4}},
            {"fields": {"text": "Three", "number": 5}},
        ],
        key_fields=["text"],
    )
    assert set(result["updatedRecords"]) == {one["id"], two["id"]}
    assert [r["fields"]["number"] for r in result["records"]] == [3, 4, 5]
    assert len(result["createdRecords"]) == 1
    result = table.batch_upsert(
        [{"id": one["id"], "fields": {"number": 6}}, {"fields": {"text": "Two"}}],
        key_fields=["text"],
        replace=True,
    )
    assert [r["fields"] for r in result["records"]] == [{"number": 6}, {"text": "Two"}]


def test_attachments_by_address_and_by_upload(table, monkeypatch):
    # Uploads go to a host of their own, which pyairtable takes no setting for.
    replace = Url.replace_url
    monkeypatch.setattr(Url, "replace_url", lambda self, **parts: self if "netloc" in parts else replace(self, **parts))
    made = table.create({"attachment": [{"url": "data:text/plain;base64,c2FsdXQ=", "filename": "a.txt"}]})
    [file] = made["fields"]["attachment"]
    assert requests.get(file["url"]).text == "salut"
    uploaded = table.upload_attachment(made["id"], "attachment", "b.txt", content=b"bonjour")
    assert [f["filename"] for f in uploaded["fields"][ATTACHMENT]] == ["a.txt", "b.txt"]
    assert requests.get(uploaded["fields"][ATTACHMENT][1]["url"]).content == b"bonjour"


def test_comments(api, table):
    me = api.whoami()["id"]
    record = table.create({"text": "x"})
    table.add_comment(record["id"], f"Hello @[{me}]")
    [comment] = table.comments(record["id"])
    assert comment.author.id == me and comment.mentioned[me].id == me
    comment.text = "Never mind"
    comment.save()
    assert not table.comments(record["id"])[0].mentioned
    comment.delete()
    assert table.comments(record["id"]) == []


def test_metadata(api, base):
    assert {b.id: b.name for b in api.bases()}[BASE] == "Test Wrapper"
    assert api.base(BASE, validate=True).name == "Test Wrapper"
    schema = base.schema()
    assert schema.table("TEST_TABLE").id == TABLE
    assert schema.table(TABLE).field("text").id == TEXT
    everything = schema.table("EVERYTHING")
    assert everything.field("Lookup Int").options.result.type == "number"
    assert everything.field("Link to Self (Count)").options.is_valid
    with pytest.raises(requests.HTTPError, match="404"):
        base.collaborators()


def test_tables_and_fields_are_made_and_changed(api):
    workspace = api.workspace("wspSandbox00000001")
    base = workspace.create_base(f"Test {uuid4()}", [{"name": "One", "fields": [{"type": "singleLineText", "name": "Label"}]}])
    table = base.create_table("Two", [{"type": "singleLineText", "name": "Name"}])
    assert table.schema().field("Name").type == "singleLineText"
    choices = [{"name": "Todo"}, {"name": "Done"}]
    field = table.create_field("Status", "singleSelect", options={"choices": choices})
    assert [choice.name for choice in field.options.choices] == ["Todo", "Done"]
    schema = base.schema(force=True).table("Two")
    schema.name, schema.description = "Renamed", "Described"
    schema.save()
    schema = base.schema(force=True).table("Renamed")
    assert schema.description == "Described"
    field = schema.field("Status")
    field.name = "State"
    field.save()
    assert base.schema(force=True).table("Renamed").field("State").id == field.id


def test_webhook_payloads_follow_each_change(base, table):
    spec = {"options": {"filters": {"dataTypes": ["tableData"]}}}
    webhook = base.webhook(base.add_webhook("https://example.com/", spec).id)
    webhook.disable_notifications()
    webhook.extend_expiration()
    made = table.create({"text": "Hey there!"})
    [payload] = webhook.payloads()
    created = payload.changed_tables_by_id[TABLE].created_records_by_id[made["id"]]
    assert created.cell_values_by_field_id == {TEXT: "Hey there!"}
    for n in range(60):
        table.update(made["id"], {"text": str(n)})
    payloads = list(webhook.payloads(cursor=payload.cursor + 1))
    texts = [
        p.changed_tables_by_id[TABLE].changed_records_by_id[made["id"]].current.cell_values_by_field_id[TEXT]
        for p in payloads
    ]
    assert texts == [str(n) for n in range(60)]
    assert not base.webhook(webhook.id).are_notifications_enabled


class Address(Model):
    Meta = {"base_id": BASE, "table_name": "Address", "api_key": TOKEN}
    street = orm.TextField("Street")
    contact = orm.LinkField["Contact"]("Contact", model="pyairtable_live.Contact", lazy=True)


class Contact(Model):
    Meta = {"base_id": BASE, "table_name": "Contact", "api_key": TOKEN}
    first_name = orm.TextField("First Name")
    email = orm.EmailField("Email")
    registered = orm.CheckboxField("Registered")
    address = orm.LinkField("Address", Address, lazy=True)
    birthday = orm.DateField("Birthday")
    last_access = orm.DatetimeField("Last Access")


class Everything(Model):
    Meta = {"base_id": BASE, "table_name": "EVERYTHING", "api_key": TOKEN}
    name = orm.TextField("Name")
    status = orm.SelectField("Status")
    tags = orm.MultipleSelectField("Tags")
    stars = orm.RatingField("Stars")
    barcode = orm.BarcodeField("Barcode")
    watchers = orm.MultipleCollaboratorsField("Watchers")
    autonumber = orm.AutoNumberField("Autonumber")
    button = orm.ButtonField("Open URL")
    url = orm.UrlField("URL")
    links = orm.LinkField["Everything"]("Link to Self", model="pyairtable_live.Everything")
    count = orm.CountField("Link to Self (Count)")
    integer = orm.IntegerField("Formula Int", readonly=True)
    rollup = orm.IntegerField("Rollup Int", readonly=True)
    lookup = orm.LookupField("Lookup Int", readonly=True)
    lookup_error = orm.LookupField("Lookup Error", readonly=True)
    nan = orm.TextField("Formula NaN", readonly=True)
    error = orm.TextField("Formula Error", readonly=True)
    created = orm.CreatedTimeField("Created")
    created_by = orm.CreatedByField("Created By")
    modified = orm.LastModifiedTimeField("Last Modified")
    modified_by = orm.LastModifiedByField("Last Modified By")


@pytest.fixture
def models(monkeypatch, api):
    for model in (Address, Contact, Everything):
        model.meta.__dict__.pop("api", None)
        monkeypatch.setitem(model.meta.__dict__, "api", api)
    yield
    for model in (Address, Contact, Everything):
        table = api.table(BASE, model.Meta["table_name"])
        table.batch_delete([record["id"] for record in table.all()])


def test_models_are_saved_linked_and_read_again(models):
    address = Address(street="123 Han")
    address.save()
    now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
    contact = Contact(
        first_name="John", email="a@b.c", registered=True, address=[address], birthday=now.date(), last_access=now
    )
    assert contact.save().created
    contact = Contact.from_id(contact.id)
    assert (contact.birthday, contact.last_access, contact.registered) == (now.date(), now, True)
    [linked] = contact.address
    linked.fetch()
    assert linked.street == "123 Han"
    address.fetch()
    assert [c.id for c in address.contact] == [contact.id]


def test_every_kind_of_cell_and_computed_field(models):
    record = Everything(name="A", status="New status", tags=["red", "New tag"], stars=3, url="https://example.com/")
    record.barcode = {"text": "123", "type": "code39"}
    record.watchers = [{"id": "usrA0000000000001", "email": "a@example.com"}]
    record.save()
    record.links = [record]
    record.save()
    record.fetch()
    assert (record.status, record.tags, record.stars) == ("New status", ["red", "New tag"], 3)
    assert record.integer == record.autonumber * 10
    assert (record.count, record.rollup, record.lookup) == (1, record.integer, [record.integer])
    assert record.lookup_error == [{"error": "#ERROR!"}] and record.error == {"error": "#ERROR!"}
    assert record.nan == {"specialValue": "NaN"}
    assert record.button["url"] == "https://example.com/"
    assert record.created <= record.modified
    assert record.created_by["id"] == record.modified_by["id"]


def test_many_threads_are_slowed_down_not_lost(base):
    table = base.table("EVERYTHING")

    def work(thread):
        made = table.batch_create([{"Name": f"{thread}-{n}"} for n in range(20)])
        table.batch_delete([record["id"] for record in made])

    with ThreadPoolExecutor(max_workers=25) as threads:
        list(threads.map(work, range(25)))
    assert table.all() == []
