"""FHIR over HTTP: who may ask, what is stored before it is read, and the actions of the desk behind it."""
