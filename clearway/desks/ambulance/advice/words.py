"""The words of conveyance advice on screens: needs with their keys, reasons of overrides and refusals."""

from collections.abc import Mapping

from clearway.domain.ambulance.words import Need

RULE = "rule:advice"  # who writes what nobody decided: a change that is listed, or withdrawn

# Need -> what the page says and the letter that ticks it while the form has the focus.
NEEDS: Mapping[Need, tuple[str, str]] = {
    Need.STROKE: ("Stroke, FAST positive", "s"),
    Need.STEMI: ("Heart attack on ECG (STEMI)", "h"),
    Need.MAJOR_TRAUMA: ("Major trauma", "t"),
    Need.CARDIAC_ARREST: ("Cardiac arrest", "c"),
    Need.RETURN_OF_CIRCULATION: ("Return of circulation", "r"),
    Need.UNSAFE_AIRWAY: ("Unsafe airway or bleeding", "a"),
    Need.SEPSIS: ("Sepsis", "p"),
    Need.GI_BLEED: ("GI bleed", "g"),
    Need.VASCULAR: ("Vascular", "v"),
    Need.MATERNITY: ("Maternity", "m"),
    Need.BURNS: ("Burns", "b"),
    Need.SPINAL: ("Spinal", "i"),
    Need.EYE: ("Eye", "y"),
    Need.DIALYSIS: ("Dialysis", "d"),
    Need.MINOR: ("Minor", "n"),
    Need.FALL: ("Fall", "l"),
    Need.FRAILTY: ("Frailty", "f"),
    Need.END_OF_LIFE: ("End of life", "e"),
    Need.MENTAL_HEALTH: ("Mental health", "q"),
    Need.DETAINED: ("Detained", "x"),
}

OVERRIDES: Mapping[str, str] = {
    "clinical": "Clinical judgement of the crew",
    "patient_choice": "The patient's choice",
    "treated_there": "Known or treated there",
    "local_knowledge": "Something known here that the system does not know",
    "road": "Road or weather",
    "crew_welfare": "End of shift or crew welfare",
    "hospital_asked": "A hospital asked for it",
    "other": "Something else",
}

FULL = "full"  # the refusal after which an alternative is left alone for a while
REFUSALS: Mapping[str, str] = {
    FULL: "No capacity",
    "criteria": "Outside its criteria",
    "closed": "Closed, or closing",
    "staff": "No staff who can",
    "needs_more": "Asked for more observations or tests",
    "distance": "Outside its area",
    "other": "Something else",
}

VERDICTS: Mapping[str, str] = {
    "advised": "Advised",
    "nearest": "Nearest appropriate",
    "by_rule": "By rule",
    "abstained": "Cannot recommend",
    "nowhere": "Nowhere",
}

PARTS: Mapping[str, str] = {
    "travel": "Travel",
    "handover": "Handover wait",
    "others": "Delay for others",
    "return": "Return and cover",
    "repatriation": "Away from home",
    "uncertainty": "Uncertainty",
}

TOO_MANY_AT_ONCE = "At most {most} suggestions are accepted at once. Accept them one by one."
