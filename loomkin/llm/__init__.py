"""Talking to models: wires, catalogue, retry, price and metering."""
