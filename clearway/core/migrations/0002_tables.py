import clearway.core.organisation.models
import clearway.core.people.models
import clearway.core.tables
import clearway.domain.shared.outgoing
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_extensions'),
    ]

    operations = [
        clearway.core.tables.Tables(
            models=[
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('username', models.CharField(max_length=150, unique=True)),
                        ('display_name', models.CharField(max_length=150)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('is_active', models.BooleanField(default=True)),
                        ('theme', models.CharField(default='light', max_length=10)),
                    ],
                    options={
                        'abstract': False,
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Batch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('received_at', models.DateTimeField()),
                        ('header', models.BinaryField(default=b'')),
                        ('first_line', models.PositiveIntegerField(default=1)),
                        ('body', models.BinaryField()),
                        ('done_at', models.DateTimeField(null=True)),
                        ('lines', models.PositiveIntegerField(null=True)),
                        ('applied', models.PositiveIntegerField(null=True)),
                        ('duplicate', models.PositiveIntegerField(null=True)),
                        ('quarantined', models.PositiveIntegerField(null=True)),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.source')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='batches_to_do'), models.Index(fields=['source', 'received_at'], name='core_batch_source__6db265_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('applied__isnull', True), ('done_at__isnull', True), ('duplicate__isnull', True), ('lines__isnull', True), ('quarantined__isnull', True)), models.Q(('done_at__isnull', False), ('lines', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('applied'), '+', models.F('duplicate')), '+', models.F('quarantined')))), _connector='OR'), name='every_line_of_a_done_batch_is_accounted_for')],
                    },
                ),
                migrations.CreateModel(
                    name='Heartbeat',
                    fields=[
                        ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                        ('at', models.DateTimeField()),
                        ('every_seconds', models.FloatField()),
                        ('detail', models.JSONField(default=dict)),
                    ],
                    options={
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Organisation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=12, unique=True)),
                        ('slug', models.SlugField(unique=True)),
                        ('name', models.CharField(max_length=200)),
                        ('timezone', models.CharField(max_length=40)),
                        ('desks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=clearway.core.organisation.models.ambulance_desk, size=None)),
                    ],
                    options={
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Seal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('after_xid', models.BigIntegerField()),
                        ('after_id', models.BigIntegerField()),
                        ('rows', models.PositiveIntegerField()),
                        ('last_xid', models.BigIntegerField()),
                        ('last_id', models.BigIntegerField()),
                        ('previous', models.CharField(max_length=64)),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('links', models.BinaryField()),
                    ],
                    options={
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Change',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=40)),
                        ('key', models.CharField(max_length=150)),
                        ('at', models.DateTimeField()),
                        ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.organisation')),
                    ],
                    options={
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Area',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=100)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='areas', to='core.organisation')),
                    ],
                    options={
                        'ordering': ['name'],
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('organisation', 'code'), name='one_area_per_code')],
                    },
                ),
                migrations.CreateModel(
                    name='Action',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('verb', models.CharField(max_length=60)),
                        ('actor', models.CharField(max_length=150)),
                        ('role', models.CharField(blank=True, max_length=40)),
                        ('subject', models.CharField(max_length=150)),
                        ('detail', models.JSONField(default=dict)),
                        ('request_id', models.CharField(blank=True, max_length=40)),
                        ('xid', models.BigIntegerField(db_default=0, editable=False)),
                        ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                        ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='core.organisation')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['subject', 'at'], name='core_action_subject_4a6eb1_idx'), models.Index(condition=models.Q(('user__isnull', False)), fields=['user', 'at'], name='actions_of_people'), models.Index(fields=['xid', 'id'], name='core_action_xid_2fad82_idx')],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Outgoing',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=120)),
                        ('kind', models.CharField(max_length=20)),
                        ('carrier', models.CharField(max_length=20)),
                        ('state', models.CharField(default='queued', max_length=10)),
                        ('queued_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField()),
                        ('since', models.DateTimeField()),
                        ('ready_at', models.DateTimeField(null=True)),
                        ('sent_at', models.DateTimeField(null=True)),
                        ('settled_at', models.DateTimeField(null=True)),
                        ('reason', models.CharField(blank=True, max_length=20)),
                        ('why', models.CharField(blank=True, max_length=300)),
                        ('fix', models.CharField(blank=True, max_length=300)),
                        ('digest', models.CharField(blank=True, max_length=64)),
                        ('reference', models.CharField(blank=True, max_length=80)),
                        ('tries', models.PositiveSmallIntegerField(default=0)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outgoing', to='core.organisation')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['kind', 'due_at', 'id'], name='messages_to_make'), models.Index(condition=models.Q(('state__in', ['queued', 'ready', 'held', 'sending', 'failed'])), fields=['organisation', 'state', 'since'], name='messages_not_gone'), models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['organisation', '-sent_at'], name='messages_gone')],
                        'constraints': [models.UniqueConstraint(fields=('organisation', 'key'), name='one_message_per_cause'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', [clearway.domain.shared.outgoing.State['FAILED'], clearway.domain.shared.outgoing.State['HELD'], clearway.domain.shared.outgoing.State['WITHDRAWN']]), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='what_does_not_go_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', [clearway.domain.shared.outgoing.State['DELIVERED'], clearway.domain.shared.outgoing.State['SENT']]), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='what_was_sent_says_when')],
                    },
                ),
                migrations.CreateModel(
                    name='PolicyVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60)),
                        ('version', models.PositiveIntegerField()),
                        ('valid_from', models.DateField()),
                        ('review_on', models.DateField()),
                        ('owner', models.CharField(max_length=120)),
                        ('source', models.CharField(max_length=600)),
                        ('mark', models.CharField(max_length=12)),
                        ('values', models.JSONField()),
                        ('made_at', models.DateTimeField()),
                        ('made_by', models.CharField(max_length=150)),
                        ('by_person', models.BooleanField(default=False)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='core.organisation')),
                    ],
                    options={
                        'ordering': ['name', '-version'],
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('organisation', 'name', 'version'), name='one_policy_version'), models.CheckConstraint(condition=models.Q(('review_on__gte', models.F('valid_from'))), name='policy_reviewed_after_it_starts')],
                    },
                ),
                migrations.CreateModel(
                    name='Push',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=40)),
                        ('key', models.CharField(max_length=150)),
                        ('site', models.CharField(max_length=80, null=True)),
                        ('body', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.organisation')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['at'], name='core_push_at_99f650_idx')],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='SavedView',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('board', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=60)),
                        ('query', models.CharField(max_length=500)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='views', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['name'],
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('user', 'board', 'name'), name='one_view_per_name')],
                    },
                ),
                migrations.CreateModel(
                    name='ShownColumns',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('board', models.CharField(max_length=40)),
                        ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('user', 'board'), name='one_choice_of_columns_per_board')],
                    },
                ),
                migrations.CreateModel(
                    name='Site',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=12)),
                        ('key', models.CharField(max_length=40)),
                        ('name', models.CharField(max_length=120)),
                        ('town', models.CharField(blank=True, max_length=80)),
                        ('kind', models.CharField(max_length=30)),
                        ('latitude', models.FloatField()),
                        ('longitude', models.FloatField()),
                        ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                        ('unconfirmed_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                        ('former_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, size=None)),
                        ('opens', models.CharField(max_length=5, null=True)),
                        ('closes', models.CharField(max_length=5, null=True)),
                        ('hours_mark', models.CharField(max_length=12)),
                        ('border', models.BooleanField(default=False)),
                        ('mark', models.CharField(max_length=12)),
                        ('source', models.CharField(max_length=200)),
                        ('area', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sites', to='core.area')),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sites', to='core.organisation')),
                    ],
                    options={
                        'ordering': ['name'],
                        'indexes': [],
                        'constraints': [models.UniqueConstraint(fields=('organisation', 'code'), name='one_site_per_code'), models.CheckConstraint(condition=models.Q(models.Q(('closes__isnull', True), ('opens__isnull', True)), models.Q(('closes__isnull', False), ('opens__isnull', False)), _connector='OR'), name='site_opens_and_closes_together')],
                    },
                ),
                migrations.CreateModel(
                    name='RoleGrant',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(max_length=40)),
                        ('starts_at', models.DateTimeField()),
                        ('ends_at', models.DateTimeField(null=True)),
                        ('acting', models.BooleanField(default=False)),
                        ('reason', models.CharField(blank=True, max_length=300)),
                        ('area', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='core.area')),
                        ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.organisation')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
                        ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='core.site')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['user', 'starts_at'], name='core_rolegr_user_id_cfdb11_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='grant_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('acting', False), models.Q(('ends_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='acting_up_has_an_end_and_a_reason')],
                    },
                ),
                migrations.CreateModel(
                    name='Decision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('decided_at', models.DateTimeField()),
                        ('written_at', models.DateTimeField()),
                        ('late_reason', models.CharField(blank=True, max_length=300)),
                        ('role', models.CharField(max_length=40)),
                        ('known', models.TextField()),
                        ('options', models.TextField(blank=True)),
                        ('decision', models.TextField()),
                        ('reason', models.TextField()),
                        ('review_at', models.DateTimeField(null=True)),
                        ('screen', models.CharField(blank=True, max_length=300)),
                        ('snapshot', models.JSONField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                        ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='core.decision')),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.organisation')),
                        ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='core.site')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['organisation', '-written_at'], name='core_decisi_organis_c116de_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('written_at__gte', models.F('decided_at'))), name='decision_written_after_it_was_taken')],
                    },
                ),
                migrations.CreateModel(
                    name='Source',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.SlugField(max_length=60, unique=True)),
                        ('kind', models.CharField(max_length=20)),
                        ('format', models.CharField(default='native', max_length=40)),
                        ('key_hash', models.CharField(blank=True, max_length=64)),
                        ('expected_interval_seconds', models.PositiveIntegerField()),
                        ('knows', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                        ('received_at', models.DateTimeField(null=True)),
                        ('enabled', models.BooleanField(default=True)),
                        ('keys_since', models.DateTimeField(null=True)),
                        ('counts_since', models.DateTimeField(null=True)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='core.organisation')),
                    ],
                    options={
                        'ordering': ['name'],
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Quarantined',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('line', models.PositiveIntegerField()),
                        ('body', models.BinaryField()),
                        ('place', models.CharField(max_length=200)),
                        ('why', models.CharField(max_length=500)),
                        ('fix', models.CharField(max_length=500)),
                        ('known_at', models.DateTimeField()),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('replayed', 'Replayed')], default='waiting', max_length=10)),
                        ('replayed_at', models.DateTimeField(null=True)),
                        ('replayed_by', models.CharField(blank=True, max_length=150)),
                        ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.batch')),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.source')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['source', 'state', 'id'], name='core_quaran_source__9aa399_idx')],
                        'constraints': [models.UniqueConstraint(fields=('batch', 'line'), name='one_quarantine_row_per_line'), models.CheckConstraint(condition=models.Q(models.Q(('replayed_at__isnull', True), ('state', 'waiting')), models.Q(('replayed_at__isnull', False), ('state', 'replayed')), _connector='OR'), name='replayed_quarantine_says_when')],
                    },
                ),
                migrations.CreateModel(
                    name='Message',
                    fields=[
                        ('pk', models.CompositePrimaryKey('source_id', 'message_id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('message_id', models.CharField(max_length=120)),
                        ('body_hash', models.BinaryField(max_length=16)),
                        ('known_at', models.DateTimeField()),
                        ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source')),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['known_at'], name='message_keys_by_time')],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='Task',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('rule', models.CharField(max_length=60)),
                        ('subject', models.CharField(max_length=150)),
                        ('priority', models.PositiveSmallIntegerField(choices=[(1, 'P1'), (2, 'P2'), (3, 'P3')])),
                        ('title', models.CharField(max_length=200)),
                        ('cause', models.CharField(max_length=500)),
                        ('suggestion', models.CharField(blank=True, max_length=300)),
                        ('reading', models.FloatField(null=True)),
                        ('role', models.CharField(max_length=40)),
                        ('state', models.CharField(choices=[('open', 'Open'), ('acknowledged', 'Acknowledged'), ('shelved', 'Shelved'), ('answered', 'Answered'), ('closed', 'Closed')], default='open', max_length=12)),
                        ('raised_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField(null=True)),
                        ('changed_at', models.DateTimeField()),
                        ('shelved_until', models.DateTimeField(null=True)),
                        ('answer', models.CharField(blank=True, max_length=500)),
                        ('escalated_to', models.CharField(blank=True, max_length=40)),
                        ('escalated_at', models.DateTimeField(null=True)),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('closed_because', models.CharField(blank=True, max_length=200)),
                        ('version', models.PositiveIntegerField(default=1)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='core.organisation')),
                        ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to=settings.AUTH_USER_MODEL)),
                        ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='core.site')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['organisation', 'priority', 'raised_at'], name='open_tasks'), models.Index(fields=['organisation', 'raised_at'], name='core_task_organis_745ab3_idx')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('organisation', 'rule', 'subject'), name='one_open_task_per_rule_and_subject'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'closed')), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='closed_task_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('shelved_until__isnull', False), ('state', 'shelved')), models.Q(models.Q(('state', 'shelved'), _negated=True), ('shelved_until__isnull', True)), _connector='OR'), name='shelved_task_says_until_when')],
                    },
                ),
                migrations.CreateModel(
                    name='Told',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('words', models.CharField(max_length=300)),
                        ('by', models.CharField(max_length=150)),
                        ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='told', to='core.decision')),
                    ],
                    options={
                        'db_table': 'core_decision_told',
                        'ordering': ['at', 'id'],
                        'indexes': [],
                        'constraints': [],
                    },
                ),
                migrations.CreateModel(
                    name='OnCall',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('duty', models.CharField(max_length=40)),
                        ('starts_at', models.DateTimeField()),
                        ('ends_at', models.DateTimeField()),
                        ('contact', models.CharField(blank=True, max_length=120)),
                        ('area', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='core.area')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='core.organisation')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='on_call_ends_after_it_starts'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('organisation', '='), (models.Func(models.F('area_id'), 0, function='coalesce'), '='), ('duty', '='), (clearway.core.people.models.TimeRange('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='one_person_on_call_per_duty_and_area')],
                        'indexes': [],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=80)),
                        ('words', models.CharField(max_length=300)),
                        ('address', models.CharField(blank=True, max_length=200)),
                        ('starts_at', models.DateTimeField()),
                        ('ends_at', models.DateTimeField(null=True)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='core.organisation')),
                    ],
                    options={
                        'ordering': ['starts_at', 'key'],
                        'constraints': [models.UniqueConstraint(fields=('organisation', 'key'), name='one_notice_per_key'), models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='notice_ends_after_it_starts')],
                        'indexes': [],
                    },
                ),
                migrations.CreateModel(
                    name='LegalHold',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.CharField(max_length=300)),
                        ('known_from', models.DateTimeField()),
                        ('known_until', models.DateTimeField(null=True)),
                        ('placed_at', models.DateTimeField()),
                        ('placed_by', models.CharField(max_length=150)),
                        ('released_at', models.DateTimeField(null=True)),
                        ('released_by', models.CharField(blank=True, max_length=150)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.organisation')),
                    ],
                    options={
                        'ordering': ['known_from'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('known_until__isnull', True), ('known_until__gt', models.F('known_from')), _connector='OR'), name='hold_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by', '')), models.Q(('released_at__isnull', False), models.Q(('released_by', ''), _negated=True)), _connector='OR'), name='released_hold_says_by_whom')],
                        'indexes': [],
                    },
                ),
            ],
        ),
    ]
