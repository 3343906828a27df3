"""When the CAD or Clearway fails: statuses by hand, numbered paper, back-entry, drills, the downtime pack."""
