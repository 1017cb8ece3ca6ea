"""Lower bounds on a plan's makespan that need no search."""

from models.predict.plan_network import Bottleneck, Network


def lower_bound(network: Network) -> int:
    """The longest chain of works, or the work of some bottleneck shared among its people, if that is more."""
    chain = max((h + d for h, d in zip(network.heads, network.durations, strict=True)), default=0)
    return max([chain, *(_energy_bound(network, b) for b in network.bottlenecks)])


def _energy_bound(network: Network, bottleneck: Bottleneck) -> int:
    """Works whose heads and tails are long enough, as person-time over people: for each least head and least
    tail, those works lie between them."""
    works = [w for w in range(len(network)) if network.demand(w, bottleneck)]
    best = 0
    for head in {network.heads[w] for w in works}:
        inside = sorted((w for w in works if network.heads[w] >= head), key=lambda w: -network.tails[w])
        energy = 0
        for w in inside:
            energy += network.demand(w, bottleneck) * network.durations[w]
            best = max(best, head + -(-energy // bottleneck.people) + network.tails[w])
    return best
