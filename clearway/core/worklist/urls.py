from django.urls import path

from . import views

app_name = "tasks"
urlpatterns = [
    path("tasks/", views.worklist, name="worklist"),
    path("tasks/new/", views.new, name="new"),
    path("tasks/closed/", views.closed, name="closed"),
    path("tasks/budget/", views.budget, name="budget"),
    path("tasks/<int:key>/", views.task, name="task"),
    path("tasks/<int:key>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("tasks/<int:key>/answer/", views.answer, name="answer"),
    path("tasks/<int:key>/shelve/", views.shelve, name="shelve"),
    path("tasks/<int:key>/return/", views.unshelve, name="unshelve"),
    path("tasks/<int:key>/escalate/", views.escalate, name="escalate"),
    path("tasks/<int:key>/assign/", views.assign, name="assign"),
]
