-- The IPv6 networks, with how many addresses and prefixes are in use in them.
{{ networks_of_family(6) }}
