"""Every figure there is: those of all modules that have any."""

import services.client.authority.silent
import services.kit.telemetry.figures
import services.kit.telemetry.gauges

KNOWN = services.kit.telemetry.figures.KNOWN
assert services.kit.telemetry.gauges.STORED and services.client.authority.silent.COUNT
