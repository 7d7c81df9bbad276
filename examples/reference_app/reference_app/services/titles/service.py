"""The titles service: catalogue, file choice and artwork over HTTP."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...art import SHAPES, VARIANTS, Palette, digest_of, palette, poster
from ...media.recipe import LADDER
from ...server import EXCEPTION_HANDLERS, ApiError, field, read_json
from .catalogue import BY_ID, TITLES, Title
from .files import choose_files

PLANNED = [{"height": step.height, "kbps": step.kbps, "label": step.label} for step in LADDER]
"""What a film will have once it is made; a finished film's manifest says what it has."""


def title_palette(title: Title) -> Palette:
    """The three colours of a title, from which poster and film are both made."""
    return palette(title.genre, title.mood, title.id)


def default_variant(title: Title) -> str:
    """The composition that everybody sees until somebody learns better."""
    index = int(hashlib.sha256(title.id.encode()).hexdigest(), 16) % len(VARIANTS)
    return VARIANTS[index]


@lru_cache(maxsize=512)
def picture(title_id: str, variant: str, shape: str) -> tuple[str, str]:
    """One picture and the hash of its content, which is part of its address."""
    title = BY_ID[title_id]
    svg = poster(title_id, variant, shape, title_palette(title), title.genre)
    return svg, digest_of(svg)


def picture_path(title: Title, variant: str, shape: str) -> str:
    """Where the browser finds a picture: an address that never changes its content."""
    _, digest = picture(title.id, variant, shape)
    return f"/discovery/art/{digest}/{title.id}-{variant}-{shape}.svg"


def manifest(media: Path, title: Title) -> dict[str, object] | None:
    """What the finished film says about itself; None while it is not made yet."""
    try:
        found = json.loads((media / title.id / "title.json").read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


class TitlesService:
    """Handlers over the catalogue and the folder of finished films."""

    def __init__(self, media: Path) -> None:
        self._media = media

    def app(self) -> Starlette:
        """The routes."""
        return Starlette(
            routes=[
                Route("/titles", self.titles),
                Route("/titles/{title}", self.title),
                Route("/files", self.files, methods=["POST"]),
                Route("/art/{name}.svg", self.art),
            ],
            exception_handlers=EXCEPTION_HANDLERS,
        )

    def card(self, title: Title) -> dict[str, object]:
        """What a poster in a row needs."""
        made = manifest(self._media, title)
        variant = default_variant(title)
        return {
            "id": title.id,
            "title": title.title,
            "year": title.year,
            "minutes": title.minutes,
            "seconds": made["seconds"] if made else 120,
            "kind": title.kind,
            "genre": title.genre,
            "mood": title.mood,
            "ready": made is not None,
            "palette": title_palette(title)._asdict(),
            "poster": picture_path(title, variant, "2x3"),
            "wide": picture_path(title, variant, "16x9"),
            "hero": picture_path(title, variant, "21x9"),
        }

    async def titles(self, _: Request) -> Response:
        """All cards."""
        return JSONResponse([self.card(title) for title in TITLES])

    async def title(self, request: Request) -> Response:
        """One title with synopsis, renditions and its other pictures."""
        title = self._known(request.path_params["title"])
        made = manifest(self._media, title)
        variant = default_variant(title)
        others = [v for v in VARIANTS if v != variant]
        return JSONResponse(
            {
                **self.card(title),
                "synopsis": title.synopsis,
                "renditions": made["renditions"] if made else PLANNED,
                "art": {
                    "variant": variant,
                    "why": f"Everybody sees the composition “{variant}” of this title.",
                    "signals": [f"genre: {title.genre}", f"mood: {title.mood}"],
                    "others": [
                        {"variant": v, "url": picture_path(title, v, "2x3")} for v in others
                    ],
                },
            }
        )

    async def files(self, request: Request) -> Response:
        """The renditions a device should play, and the one to start with."""
        body = await read_json(request)
        title = self._known(str(field(body, "title", str, allowed="a title's id")))
        made = manifest(self._media, title)
        if made is None:
            raise ApiError(409, "not_ready", f"“{title.title}” is still being made.")
        device = str(field(body, "device", str, allowed="a device class"))
        kbps = int(str(field(body, "kbps", int, allowed="a rate in kbit/s")))
        try:
            chosen, start = choose_files(made["renditions"], device, kbps)  # type: ignore[arg-type]
        except ValueError as error:
            raise ApiError(400, "bad_field", str(error)) from error
        answer = {"renditions": chosen, "start": start, "seconds": made["seconds"]}
        return JSONResponse({**answer, "title_name": title.title})

    async def art(self, request: Request) -> Response:
        """One picture by `<title>-<variant>-<shape>`."""
        name = request.path_params["name"]
        for variant in VARIANTS:
            for shape in SHAPES:
                title_id = name.removesuffix(f"-{variant}-{shape}")
                if title_id != name and title_id in BY_ID:
                    svg, _ = picture(title_id, variant, shape)
                    return Response(svg, media_type="image/svg+xml")
        raise ApiError(404, "no_such_picture", f"There is no picture {name!r}.")

    def _known(self, title_id: str) -> Title:
        title = BY_ID.get(title_id)
        if title is None:
            raise ApiError(404, "no_such_title", f"There is no title {title_id!r}.")
        return title
