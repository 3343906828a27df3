"""FHIR R4 in UK Core shape and the Booking and Referral Standard: resources to values and back.

One module a resource, each with the values it speaks of, `write` (values in, resource out) and, of what is
taken in, `read` (resource in, values out; raises Refused with the place, the reason and the fix). What is
served is one table (served.py), from which the CapabilityStatement, the OpenAPI description and the reference
page are made.
"""
