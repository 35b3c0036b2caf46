"""Attacks through the network and other ways out."""

from tests.hostile.program import NETWORK, SYSTEM, raw, row

REFUSED = (NETWORK, SYSTEM)

NETWORKS = (
    row("tcp", "a connection", "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)", NETWORK),
    row("dns", "a look-up of a name", "import socket\nprint(socket.gethostbyname('example.org'))", NETWORK),
    row("urllib", "a download", "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')", NETWORK),
    row("http", "http.client", "import http.client\nhttp.client.HTTPConnection('127.0.0.1', 9).request('GET', '/')",
        NETWORK),
    row("requests", "requests, where it is installed", "import requests\nrequests.get('http://127.0.0.1:9/')",
        (NETWORK, "No module named 'requests'")),
    row("hub", "weights from the network",
        "import torch\ntorch.hub.load_state_dict_from_url('http://127.0.0.1:9/x.pth')",
        (NETWORK, "not allowed while grading")),
    row("udp", "a datagram", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)", REFUSED),
    row("raw_socket", "a raw socket", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", REFUSED),
    row("listen", "waits for others", "import socket\nsocket.create_server(('127.0.0.1', 0))", REFUSED),
    row("abstract", "an abstract Unix socket", "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0x')", REFUSED),
    row("netlink", "a netlink socket", "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)", REFUSED),
    row("dgram_pair", "a pair of datagram sockets, which can be aimed elsewhere",
        "import socket\nsocket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)", REFUSED),
    row("vsock", "AF_VSOCK and AF_ALG",
        "import socket\nfor family in (40, 38):\n    try: socket.socket(family, socket.SOCK_STREAM)\n"
        "    except PermissionError: pass\n    else: raise RuntimeError('it was made')", silent=True),
    row("stream_to", "sends from the stream to an address",
        "import socket\nkept = socket.socket(1, 1, 0, fileno=3)\nkept.sendto(b'x', '/dev/log')", ("stopped with", *REFUSED)),
    row("send_fds", "sends a descriptor through the stream",
        "import socket\nkept = socket.socket(1, 1, 0, fileno=3)\nsocket.send_fds(kept, [b'x'], [0])", ("stopped with", *REFUSED)),
    raw("sysv_shm", "shared memory and queues of System V", "refused(29, 68, 64, 240)", ()),
    row("asyncio", "asyncio itself works", "import asyncio\nasyncio.run(asyncio.sleep(0))", silent=True),
)  # fmt: skip
