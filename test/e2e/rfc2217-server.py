"""pyserial's side of RFC 2217 around a port in memory: data comes back, settings are printed, one JSON object a line."""

import json
import socket
import sys
import threading

import serial
import serial.rfc2217


class Port:
    """What PortManager needs of a serial port; each change is told."""

    name = "memory"
    cts = dsr = ri = cd = False

    def __init__(self):
        self.__dict__.update(
            baudrate=9600, bytesize=7, parity="E", stopbits=2, xonxoff=False, rtscts=False, dtr=True, rts=True
        )

    def __setattr__(self, name, value):
        self.__dict__[name] = value
        print(json.dumps({key: value for key, value in self.__dict__.items()}), flush=True)

    def reset_input_buffer(self):
        pass

    def reset_output_buffer(self):
        pass


class Connection:
    """PortManager writes from two threads."""

    def __init__(self, client):
        self.client = client
        self.lock = threading.Lock()

    def write(self, data):
        with self.lock:
            self.client.sendall(data)


server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
client, _ = server.accept()
connection = Connection(client)
manager = serial.rfc2217.PortManager(Port(), connection)
while True:
    received = client.recv(1024)
    if not received:
        sys.exit(0)
    data = b"".join(manager.filter(received))
    if data:
        connection.write(b"".join(manager.escape(data)))
