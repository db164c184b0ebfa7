"""What belongs to the instance: system_setting, available_reports, personal_access_tokens."""

from __future__ import annotations

from sandbox.sonar.tenant.draft import OPENED, Draft
from sandbox.sonar.tenant.network import SECRET_MARK

REPORTS = ("Accounts by Status", "Aging", "Autopay Failures", "Churn", "Debits", "Form 477", "Tax")


def system_setting(draft: Draft) -> None:
    """Write the settings of the instance."""
    values = {
        "application_firewall_enabled": False,
        "calendar_allow_external_sync": False,
        "calendar_history_sync_maximum": 30,
        "city": "Cedar Hollow",
        "country": "US",
        "create_radius_account_on_account_creation": True,
        "currency": "USD",
        "customer_portal_contact_access": "ALL",
        "date_format": "YEAR_MONTH_DAY",
        "decimal_separator": "DOT",
        "digit_separator": "COMMA",
        "fcc_form_477_company_source": "COMPANY",
        "force_sso_login_web": False,
        "initial_purchase_order_number": "1000",
        "instance_id": "900001",
        "language": "en",
        "radius_account_prefix": "cpe",
        "subdivision": "US_TX",
        "test_billing_run": False,
        "test_mode": False,
        "time_format": "TWENTY_FOUR_HOUR",
        "timezone": "AMERICACHICAGO",
        "units": "IMPERIAL",
    }
    draft.add("system_setting", 1, OPENED, values)


def available_reports(draft: Draft) -> None:
    """Write the list of reports; it has neither ids nor pages."""
    for name in REPORTS:
        draft.rows["available_reports"].append(
            {
                "name": name,
                "category": "Billing" if name in ("Aging", "Debits", "Tax") else "Operations",
                "endpoint": f"reports/{name.lower().replace(' ', '_')}",
                "thumbnail_url": "https://www.example.com/report.png",
                "is_custom": name == "Churn",
                "is_user": False,
            }
        )


def personal_access_tokens(draft: Draft) -> None:
    """Write the tokens of users; each carries the marker that tests look for."""
    random = draft.random("personal_access_tokens")
    for key, name in enumerate(("Portal", "Reporting", "Migration"), start=1):
        token = f"{SECRET_MARK}token-{random.getrandbits(80):020x}"
        values = {"name": name, "revoked": name == "Reporting", "token": token}
        draft.add("personal_access_tokens", key, OPENED, values)
