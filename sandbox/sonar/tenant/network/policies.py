"""radius_groups, address_lists, overlays, and the address that would be handed out next."""

from __future__ import annotations

from sandbox.sonar.tenant.draft import OPENED, Draft

WHO = (("ALL", "CURRENT"), ("ALL", "DELINQUENT"), ("ACTIVE", "ALL"), ("INACTIVE", "ALL"))
GROUPS = ("Served", "Walled Garden", "Active", "Inactive")
LISTS = ("allowed", "delinquent", "active", "inactive", "guests")


def radius_groups(draft: Draft) -> None:
    """Write which accounts RADIUS puts into which group."""
    for key in range(1, draft.target.get("radius_groups", 3) + 1):
        status, delinquency = WHO[(key - 1) % len(WHO)]
        values = {
            "account_status": status,
            "delinquency": delinquency,
            "fall_through": False,
            "name": GROUPS[(key - 1) % len(GROUPS)],
            "priority": key,
        }
        draft.add("radius_groups", key, OPENED, values)


def address_lists(draft: Draft) -> None:
    """Write which accounts routers put into which list."""
    for key in range(1, draft.target.get("address_lists", 4) + 1):
        status, delinquency = WHO[(key - 1) % len(WHO)]
        values = {
            "account_status": status,
            "delinquency": delinquency,
            "name": LISTS[(key - 1) % len(LISTS)],
        }
        draft.add("address_lists", key, OPENED, values)


def overlays(draft: Draft) -> None:
    """Write map overlays and the address that the server would hand out next."""
    for key in (1, 2):
        values = {
            "contents": "<kml/>",
            "file_type": "KML",
            "latitude": "30.250000",
            "longitude": "-97.750000",
            "name": f"Tower {key} coverage",
            "network_site_id": str(key),
            "radius": 4.5,
        }
        draft.add("map_overlays_within_box", key, OPENED, values)
    draft.rows["get_next_ip_address_in_ip_pool"].append({"ip_address": "192.0.2.77"})
