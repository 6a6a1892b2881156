"""What Schemathesis does not know by itself: events as lines of JSON are sent as they are written."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    if isinstance(value, (bytes, str)):
        return value
    return json.dumps(value)
