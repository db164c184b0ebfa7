"""The whole way on the reference tenant, stage by stage: what each costs, and how that grows."""
