from django.urls import path

from . import text_views, views

app_name = "op-letters"
urlpatterns = [
    path("outpatients/outbox/", views.outbox, name="outbox"),
    path("outpatients/letters/print/", views.to_print, name="print"),
    path("outpatients/letters/batches/<int:key>/", views.batch, name="batch"),
    path("outpatients/letters/batches/<int:key>/pdf/", views.batch_pdf, name="batch-pdf"),
    path("outpatients/letters/texts/", text_views.texts, name="texts"),
    path("outpatients/letters/texts/<int:key>/", text_views.text, name="text"),
    path("outpatients/letters/texts/<int:key>/ask/", text_views.ask, name="ask"),
    path("outpatients/letters/texts/<int:key>/decide/", text_views.decide, name="decide"),
    path("outpatients/letters/texts/<int:key>/edit/", text_views.edit, name="edit"),
    path("outpatients/letters/texts/<int:key>/preview/", text_views.preview, name="preview"),
    path("outpatients/letters/<int:key>/", views.letter, name="letter"),
    path("outpatients/letters/<int:key>/pdf/", views.letter_pdf, name="pdf"),
]
