"""Where a patient's luck is read: one place for each thing that may turn out this way or that.

The first places belong to the patient, whichever crew comes and wherever they are taken; the rest to the
crews sent, in the order in which they are sent. Beyond the fourth the places are used again.
"""

CODING, ANSWER, BY_PHONE = 0, 1, 2  # the third also says who can be closed by telephone when many wait
ON_SCENE, ASKING_FOR_TRANSPORT, CHOOSING, TO_HOSPITAL = 3, 4, 5, 6
REGISTRATION, CHAIR, ADMITTED, RELEASE_KEPT, RECEIVING, TREATMENT, LEFT_EARLY = 7, 8, 9, 10, 11, 12, 13
WRAP_UP, THIRD_CREW, FOLLOWS_ADVICE = 14, 15, 16
OF_THE_PATIENT = 17

MOBILISATION, TO_SCENE, AT_PATIENT, ASIDE, STOOD_DOWN = range(5)
OF_A_CREW, CREWS = 5, 4
PLACES = OF_THE_PATIENT + OF_A_CREW * CREWS


def of_crew(sent: int) -> int:
    """The first place of the crew that was sent as number 1, 2, 3 ..."""
    return OF_THE_PATIENT + OF_A_CREW * ((sent - 1) % CREWS)
