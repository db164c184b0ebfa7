"""What is written about customers and done for them: tickets, jobs, contracts.

Traps of texts hold what no customer should see again: scripts, images that tell who looked, links
into the instance that is going away.
"""

from __future__ import annotations

INSTANCE = "https://poplarridge.sonar.software"  # where the texts say that the tenant is
