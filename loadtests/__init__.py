"""Load from outside: Locust users with open-loop arrivals."""
