"""A small real use of the client generated from the OpenAPI document, as client.ts is one.

It type-checks only if the types fit, and is run against a service.
"""

import sys
from typing import TypeVar

from locadocs_client.api.guides import get_guide, list_guides, walk_guide
from locadocs_client.api.locate import locate
from locadocs_client.api.communes import suggest_communes
from locadocs_client.api.flat import send_flat_locate
from locadocs_client.api.releases import list_changes, list_releases
from locadocs_client.api.search import search_content
from locadocs_client.api.services import list_services
from locadocs_client.client import Client
from locadocs_client.models import (
    ChangeList,
    CommuneSuggestions,
    FlatLocate,
    GuideList,
    LocalAnswer,
    Missing,
    Problem,
    ProblemCode,
    ReleaseList,
    SearchResults,
    Segment,
    SegmentStatus,
    Service,
    ServiceList,
    Walk,
    WalkGuideQStep,
)
from locadocs_client.types import UNSET

T = TypeVar("T")


def found(kind: type[T], answer: object) -> T:
    """The answer, which must be of this kind."""
    if isinstance(answer, Problem):
        raise SystemExit(f"{answer.code}: {answer.detail}")
    assert isinstance(answer, kind), f"{kind.__name__} was expected: {answer!r}"
    return answer


def services(client: Client) -> list[Service]:
    """All services, page by page."""
    items: list[Service] = []
    cursor: str | None = None
    while True:
        answer = list_services.sync(client=client, limit=5, cursor=cursor or UNSET)
        page = found(ServiceList, answer)
        items += page.items
        cursor = page.page.next_
        if cursor is None:
            assert len(items) == page.page.total
            return items


def walk(client: Client, guide: str, commune: str) -> Walk:
    """Walks a guide by the first choice of each step, until it ends."""
    answers = WalkGuideQStep()
    for _ in range(20):
        answer = walk_guide.sync(guide, client=client, q_step=answers, commune=commune, date="1987")
        walk = found(Walk, answer)
        if Missing.CHOICE not in walk.missing:
            return walk
        answers[f"q.{walk.current.slug}"] = walk.current.choices[0].slug
    raise SystemExit(f"{guide} does not end")


def keeper(segment: Segment) -> str:
    if segment.status in (SegmentStatus.KEPT, SegmentStatus.INCOMPLETE, SegmentStatus.TRANSFERRED):
        return ", ".join(holding.service.name for holding in segment.holdings if holding.service)
    return ", ".join(contact.name for contact in segment.contacts)


def main(base_url: str) -> None:
    with Client(base_url=base_url) as client:
        answer = suggest_communes.sync(client=client, q="renn", limit=1)
        commune = found(CommuneSuggestions, answer).items[0].code

        guide = found(GuideList, list_guides.sync(client=client)).items[0].slug
        end = walk(client, guide, commune)
        print(end.status, [step.answer.label for step in end.path])

        document = end.answer.document.slug if end.answer else "permis-de-construire"
        answer = locate.sync(client=client, document=document, commune=commune)
        for segment in found(LocalAnswer, answer).segments:
            print(segment.summary, "→", keeper(segment))

        names = [service.name for service in services(client)]
        assert names and len(set(names)) == len(names), names
        near = list_services.sync(client=client, near_commune=commune, radius=20, at="now")
        for service in found(ServiceList, near).items[:3]:
            print(service.name, service.distance, "m,", service.opening and service.opening.open_)

        results = found(SearchResults, search_content.sync(client=client, q="permis")).items
        assert results, "a search finds something"

        releases = found(ReleaseList, list_releases.sync(client=client)).items
        changes = found(ChangeList, list_changes.sync(client=client, since=releases[0].id))
        assert changes.items == [], "nothing changed since the last release"

        body = {"document": document, "commune": commune}
        flat = found(FlatLocate, send_flat_locate.sync(client=client, body=body))
        assert flat.found, flat.message

        missing = get_guide.sync("none", client=client)
        assert isinstance(missing, Problem) and missing.code is ProblemCode.GUIDE_NOT_FOUND


main(sys.argv[1])
