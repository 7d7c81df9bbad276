"""How each process of the application is put together; imports happen in the one that runs.

A process imports only what it is: twenty of them share two cores and one gigabyte.
"""

from __future__ import annotations

from collections.abc import Callable

from .settings import Settings


def elb(settings: Settings) -> None:
    """The load balancer."""
    from .edge.elb import run_elb
    from .glue import Glue

    glue = Glue(settings)
    run_elb(glue)
    glue.telemetry.close()


def gateway(settings: Settings) -> None:
    """One gateway."""
    from .edge.gateway import run_gateway
    from .glue import Glue

    glue = Glue(settings)
    run_gateway(glue)
    glue.telemetry.close()


def play_api(settings: Settings) -> None:
    """One instance of the Play API."""
    from .apis.play import PlayApi
    from .glue import Glue
    from .server import run_service

    glue = Glue(settings)
    run_service(PlayApi(glue).app(), glue)


def discovery_api(settings: Settings) -> None:
    """One instance of the Discovery API."""
    from .apis.discovery import DiscoveryApi
    from .glue import Glue
    from .server import run_service

    glue = Glue(settings)
    run_service(DiscoveryApi(glue).app(), glue)


def members(settings: Settings) -> None:
    """The members service."""
    from .glue import Glue
    from .server import run_service
    from .services.members.service import MembersService
    from .services.members.store import MemberStore

    store = MemberStore(settings.data / "members.db")
    run_service(MembersService(store, settings.secrets.licence).app(), Glue(settings))


def titles(settings: Settings) -> None:
    """The titles service."""
    from .glue import Glue
    from .server import run_service
    from .services.titles.service import TitlesService

    run_service(TitlesService(settings.media).app(), Glue(settings))


def steering(settings: Settings) -> None:
    """The steering service."""
    from .glue import Glue
    from .openconnect.service import steering_app
    from .server import run_service

    run_service(steering_app(settings.secrets.url), Glue(settings))


def appliance(settings: Settings) -> None:
    """One appliance of Open Connect."""
    from .glue import Glue
    from .openconnect.process import run_appliance

    run_appliance(Glue(settings))


def booth(settings: Settings) -> None:
    """The operators' booth."""
    from .booth.process import run_booth

    run_booth(settings)


PROCESSES: dict[str, Callable[[Settings], None]] = {
    "elb": elb,
    "gateway": gateway,
    "play-api": play_api,
    "discovery-api": discovery_api,
    "members": members,
    "titles": titles,
    "steering": steering,
    "oca-a1": appliance,
    "oca-b2": appliance,
    "oca-c1": appliance,
    "booth": booth,
}
"""Job name to what runs in it."""
