"""What is never asked of Sonar, reviewed by people: the only names of queries and fields in code.

The list was read out of Sonar's public schema. New fields appear without notice, so a rule on field
names stands behind it. A name that is denied here is left out of the query: the value never reaches
this machine. A field that is secret in some rows only is asked for together with what tells which,
and emptied before a row goes any further.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CREDENTIAL_QUERY = re.compile(r"_credentials$|access_tokens$")

# Queries without rows of the tenant: they call a device or a vendor, or answer about the caller.
_EXCLUDED_QUERIES: Mapping[str, str] = {
    "adtran_mosaic_cloud_list": "calls a vendor's cloud",
    "calix_provisioning_list": "calls a vendor's cloud",
    "get_gps_tracking_provider_vehicles": "calls a vendor's cloud",
    "reverse_geocode": "calls a vendor's cloud",
    "splice_report": "computed for one splice enclosure at a time",
    "email_variables": "describes the product, not the tenant",
    "me": "answers about the caller",
    "my_ip_address": "answers about the caller",
}

_SECRET_FIELDS = frozenset(
    {
        "AdtranMosaicSetting.password",
        "AuthenticationFactor.secret_data",
        "BankAccount.customer_profile_id",  # with the token it is what a processor charges
        "BankAccount.routing_number",
        "BankAccount.token",
        "CalendarIcal.url",  # whoever has the link reads the calendar
        "CalixCloudSetting.client_secret",
        "CalixIntegration.smx_credentials",
        "Contract.unique_link_key",
        "CoreCreditCard.customer_profile_id",
        "CoreCreditCard.token",
        "CorePayment.creation_token",
        "CreditCard.customer_profile_id",
        "CreditCard.token",
        "DhcpServer.api_key",
        "FibermapIntegration.api_token",
        "IdentityProviderGoogleDetail.client_secret",
        "IdentityProviderMicrosoftDetail.client_secret",
        "IdentityProviderSamlDetail.certificate",
        "InboundMailbox.slack_webhook_url",  # whoever has the link may post
        "Log.current",  # what a change wrote and overwrote, passwords and keys among it
        "Log.previous",
        "NetworkMonitoringTemplate.snmp3_auth_passphrase",
        "NetworkMonitoringTemplate.snmp3_priv_passphrase",
        "NetworkMonitoringTemplate.snmp_community",
        "PayPalCredential.client_secret",
        "Payment.creation_token",
        "PersonalAccessToken.token",
        "Poller.api_key",
        "RadiusAccount.password",
        "RadiusServer.coa_secret",
        "SnmpOverride.snmp3_auth_passphrase",
        "SnmpOverride.snmp3_priv_passphrase",
        "SnmpOverride.snmp_community",
        "SystemBackup.password",
        "TowercoverageConfiguration.api_key",
    }
)

_SECRET_NAME = re.compile(
    r"password|passwd|passphrase|secret|token|credential|routing_number|community"
    r"|api_?key|private_?key|access_?key|link_key|pre_?shared|webhook_url"
)


@dataclass(frozen=True, slots=True)
class SecretInSomeRows:
    """A leaf that holds a secret where the row's `relation` is of one of these kinds.

    The tenant names what the relation stands for, so its name is judged as a field's name is. A row
    that does not say of which kind it is counts as a secret.
    """

    field: str
    relation: str
    kind: str
    name: str
    kinds: frozenset[str]

    def hides(self, told: Mapping[str, str | None] | None) -> bool:
        """Tell whether the value is a secret, by the `kind` and the `name` of the relation."""
        if told is None or told.get(self.kind) is None:
            return True
        called = (told.get(self.name) or "").lower().replace(" ", "_")
        return told[self.kind] in self.kinds or bool(_SECRET_NAME.search(called))


_SECRET_IN_SOME_ROWS: Mapping[str, SecretInSomeRows] = {
    # What is written about a piece of equipment, the keys of its SIM among it.
    "InventoryModelFieldData": SecretInSomeRows(
        field="value",
        relation="inventory_model_field",
        kind="type",
        name="name",
        kinds=frozenset({"LTEAUTHKEY", "OPOPC"}),
    ),
}

# Scalars that cannot carry a secret: `api_key_present` is a yes or no, `token_id` is an id.
_HARMLESS_SCALARS = frozenset({"Boolean", "Int", "Float", "Int64Bit", "Date", "Datetime", "Time"})


def excluded_query(name: str) -> str | None:
    """Return why the root query `name` is left alone, or None when it may be read."""
    if _CREDENTIAL_QUERY.search(name):
        return "holds credentials"
    return _EXCLUDED_QUERIES.get(name)


def is_secret(type_name: str, field_name: str, scalar: str) -> bool:
    """Tell whether a leaf field may hold a secret: by the list, else by its name and scalar."""
    if f"{type_name}.{field_name}" in _SECRET_FIELDS:
        return True
    return scalar not in _HARMLESS_SCALARS and bool(_SECRET_NAME.search(field_name))


def secret_in_some_rows(type_name: str) -> SecretInSomeRows | None:
    """Return the leaf of a type that holds a secret in some of its rows, or None."""
    return _SECRET_IN_SOME_ROWS.get(type_name)
