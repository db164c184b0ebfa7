-- The IPv4 networks, with how many of their addresses are in use.
{{ networks_of_family(4) }}
