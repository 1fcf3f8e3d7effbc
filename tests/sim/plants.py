#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bugs to be planted, and the copies of the sources that hold them.

    plants.py --list                   number, name and what is wrong, a line each
    plants.py --files                  the copies that are made, by name
    plants.py --sources                what they are made of
    plants.py --names                  the names, as an array in C
    plants.py SOURCE_DIR OUT_DIR       write the changed copies

Each edit names a text that stands exactly once in its file, and what stands there
instead; PLANTED is true when that bug is the one chosen at run time. A text that
is not there any more is an error: then the plant must follow the code.
"""
import os
import re
import sys

# (name, what is wrong, [(file, text, replacement), ...])
PLANTS = [
    ("request-id-forgotten", "a request id is not remembered",
     [("core/apply.c", "if (job->request_id.size == 0)\n\t\treturn;", "if (job->request_id.size == 0 || PLANTED)\n\t\treturn;")]),
    ("request-id-lost-at-reload", "request ids of live jobs are not read back",
     [("core/load.c", "if (job->request_id.size == 0)\n\t\treturn CENTRO_OK;", "if (job->request_id.size == 0 || PLANTED)\n\t\treturn CENTRO_OK;")]),
    ("request-id-of-history-lost", "request ids of ended jobs are not read back",
     [("engine/recover.c", "if (status != CENTRO_OK || request.request_id.size == 0)", "if (status != CENTRO_OK || request.request_id.size == 0 || PLANTED)")]),
    ("conflict-unseen", "the same request id with another body is taken for the same job",
     [("core/decide_job.c", "if (request->spec_hash != spec->spec_hash)", "if (!PLANTED && request->spec_hash != spec->spec_hash)")]),
    ("stale-report-accepted", "a report of an earlier attempt counts",
     [("core/decide_job.c", "if (!instance || instance->attempt != report->attempt.attempt || !instance->node ||\n\t    instance->node->id != report->node)",
       "if (!instance || (!PLANTED && instance->attempt != report->attempt.attempt) || !instance->node ||\n\t    (!PLANTED && instance->node->id != report->node))")]),
    ("claim-after-cancel", "a claim is granted after the cancel",
     [("core/touch.c", "instance->assign_event <= durable_event && !ctr_job_is_cancelled(instance->job) &&", "instance->assign_event <= durable_event && (PLANTED || !ctr_job_is_cancelled(instance->job)) &&"),
      ("core/decide_job.c", "return instance->state == CENTRO_INSTANCE_PENDING ||\n\t       (instance->state", "return instance->state == CENTRO_INSTANCE_PENDING ||\n\t       (!PLANTED && instance->state")]),
    ("granted-after-cancel", "the cancel of a job is forgotten by a reload",
     [("core/load.c", "if (!load->cancelled)\n\t\treturn CENTRO_OK;", "if (!load->cancelled || PLANTED)\n\t\treturn CENTRO_OK;")]),
    ("lease-without-margin", "the server does not wait for drift and grace",
     [("core/lease.c", "return (struct centro_span){ctr_after(end, table->grace).ns};", "return PLANTED ? lease : (struct centro_span){ctr_after(end, table->grace).ns};")]),
    ("lease-from-answer", "the agent counts a lease from the answer, not from the question",
     [("agent/heartbeat.c", "ctr_after(agent->heartbeat_sent, lease));", "ctr_after(PLANTED ? agent->now.steady : agent->heartbeat_sent, lease));"),
      ("agent/attempts.c", "ctr_after(agent->claim_sent, attempt->lease), &text);", "ctr_after(PLANTED ? agent->now.steady : agent->claim_sent, attempt->lease), &text);")]),
    ("lease-not-renewed", "a heartbeat renews nothing on the server's side",
     [("core/touch.c", "instance->claimed = true;\n\t\tctr_lease_renew(&core->leases, instance, now.cluster);\n\t\theartbeat", "instance->claimed = true;\n\t\tif (!PLANTED)\n\t\t\tctr_lease_renew(&core->leases, instance, now.cluster);\n\t\theartbeat")]),
    ("lease-too-short", "the server gives up after a tenth of the lease",
     [("core/lease.c", "return ctr_after(now, ctr_lease_span(table, ctr_instance_task(instance)->lease));", "struct centro_span planted_lease = ctr_instance_task(instance)->lease;\n\tif (PLANTED)\n\t\tplanted_lease.ns /= 10;\n\treturn ctr_after(now, ctr_lease_span(table, planted_lease));")]),
    ("lease-by-wall-clock", "the agent counts leases on the wall clock",
     [("agent/heartbeat.c", "agent->heartbeat_sent = agent->now.steady;", "agent->heartbeat_sent = PLANTED ? agent->now.wall : agent->now.steady;")]),
    ("time-by-wall-clock", "cluster time follows the wall clock",
     [("engine/clock.c", "struct centro_span elapsed = ctr_between(clock->steady, time.steady);", "struct centro_span elapsed = PLANTED ? ctr_between(clock->wall, time.wall) : ctr_between(clock->steady, time.steady);")]),
    ("keep-granted-again", "what may run on without a server is granted again",
     [("core/lease.c", "return ctr_instance_may_have_started(instance) &&\n\t       ctr_instance_task", "return !PLANTED && ctr_instance_may_have_started(instance) &&\n\t       ctr_instance_task")]),
    ("room-not-given-back", "a grant that ends keeps its resources",
     [("core/apply.c", "ctr_placement_release(&core->placement, node, shape_of(core, instance));", "if (!PLANTED || instance->state != CENTRO_INSTANCE_PENDING)\n\t\tctr_placement_release(&core->placement, node, shape_of(core, instance));")]),
    ("room-not-taken", "a grant takes no resources",
     [("core/adopt.c", "ctr_placement_use(&core->placement, node, ctr_shape_get(&core->shapes, task->shape));", "if (!PLANTED || instance->index != 1)\n\t\tctr_placement_use(&core->placement, node, ctr_shape_get(&core->shapes, task->shape));")]),
    ("wake-up-lost", "room that comes free is not tried again",
     [("core/placement.c", "node->freed = ++placement->freed;", "node->freed = PLANTED ? placement->freed : ++placement->freed;")]),
    ("oldest-last", "of equal jobs the youngest goes first",
     [("core/pending.c", "return a->job->id < b->job->id ? -1 : 1;", "return (a->job->id < b->job->id) != PLANTED ? -1 : 1;")]),
    ("failed-write-ignored", "a failed write counts as done",
     [("engine/pipeline.c", "if (status == CENTRO_OK)\n\t\t\tnote_durable(engine);", "if (status == CENTRO_OK || (PLANTED && status == CENTRO_ERR_IO))\n\t\t\tnote_durable(engine);")]),
    ("unknown-commit-retried", "a commit whose outcome is unknown is tried again until it works",
     [("store/store_memory.c", "if (status == CENTRO_ERR_IO)\n\t\tmemory->failed = true;", "if (status == CENTRO_ERR_IO && PLANTED) {\n\t\tmemory->commit_due = memory->steady;\n\t\treturn;\n\t}\n\tif (status == CENTRO_ERR_IO)\n\t\tmemory->failed = true;")]),
    ("refused-commit-ignored", "a refused commit counts as done",
     [("engine/pipeline.c", "else if (status != CENTRO_ERR_FENCED)\n\t\t\treload(engine, status);", "else if (PLANTED && status != CENTRO_ERR_FENCED)\n\t\t\tnote_durable(engine);\n\t\telse if (status != CENTRO_ERR_FENCED)\n\t\t\treload(engine, status);")]),
    ("refused-commit-kept", "after a refused commit the state in memory is kept",
     [("engine/pipeline.c", "engine->state = CTR_ENGINE_LOADING;\n\tctr_pipeline_drop(engine, status);\n\tctr_recover_begin(engine);", "if (PLANTED)\n\t\treturn;\n\tengine->state = CTR_ENGINE_LOADING;\n\tctr_pipeline_drop(engine, status);\n\tctr_recover_begin(engine);")]),
    ("waiters-told-ok", "who waited for a commit that was refused is told that it is done",
     [("engine/pipeline.c", "let_go(&lost, status);", "let_go(&lost, PLANTED ? CENTRO_OK : status);")]),
    ("answer-before-commit", "answers do not wait for their batch",
     [("engine/pipeline.c", "if (ctr_pipeline_is_open(engine))\n\t\treturn engine->batch_open;\n\tif (engine->flight.under_way)", "if (PLANTED)\n\t\treturn engine->batch_durable;\n\tif (ctr_pipeline_is_open(engine))\n\t\treturn engine->batch_open;\n\tif (engine->flight.under_way)")]),
    ("answer-with-commit-under-way", "answers do not wait for the commit under way",
     [("engine/pipeline.c", "if (engine->flight.under_way)\n\t\treturn engine->batch_open - 1;\n\treturn engine->batch_durable;", "if (!PLANTED && engine->flight.under_way)\n\t\treturn engine->batch_open - 1;\n\treturn engine->batch_durable;")]),
    ("reply-at-once", "the services answer before anything is durable",
     [("service/rpc.c", "if (ctr_engine_get_state(rpc->service->engine) != CTR_ENGINE_READY) {", "if (PLANTED || ctr_engine_get_state(rpc->service->engine) != CTR_ENGINE_READY) {")]),
    ("recent-kept-over-reload", "ended jobs in memory survive a state that is thrown away",
     [("engine/pipeline.c", "ctr_recent_clear(&engine->recent);", "if (!PLANTED)\n\t\tctr_recent_clear(&engine->recent);")]),
    ("lease-as-lock", "a server that has lost its lease goes on, and the store lets it",
     [("engine/recover.c", "engine_of(arg)->fenced = true;", "engine_of(arg)->fenced = !PLANTED;"),
      ("store/store_memory.c", "if (memory->term != disk->term)\n\t\treturn CENTRO_ERR_FENCED;", "if (!PLANTED && memory->term != disk->term)\n\t\treturn CENTRO_ERR_FENCED;"),
      ("store/store_memory.c", "if (memory->term == 0 || memory->term == memory->disk->term || memory->batch)", "if (PLANTED || memory->term == 0 || memory->term == memory->disk->term || memory->batch)")]),
    ("history-not-written", "a job that ends is not kept",
     [("engine/batch_builder.c", "if (status == CENTRO_OK)\n\t\tstatus = put(engine, ctr_key_history(job->id));", "if (status == CENTRO_OK && !PLANTED)\n\t\tstatus = put(engine, ctr_key_history(job->id));")]),
    ("half-a-job-left", "the specification of an ended job stays where live ones stand",
     [("engine/batch_builder.c", "if (status == CENTRO_OK && dirty->job.stored)\n\t\tstatus = drop(engine, ctr_key_job_spec(job->id));", "if (status == CENTRO_OK && dirty->job.stored && !PLANTED)\n\t\tstatus = drop(engine, ctr_key_job_spec(job->id));")]),
    ("start-not-written", "that a command runs is not written",
     [("core/apply.c", "apply_move(core, instance, event);\n\ttouch_job(core, job, event, CTR_JOB_DIRTY_STATE);", "apply_move(core, instance, event);\n\tif (PLANTED && event->type == CENTRO_EVENT_INSTANCE_RUNNING)\n\t\tjob->revision = event->number;\n\telse\n\t\ttouch_job(core, job, event, CTR_JOB_DIRTY_STATE);")]),
    ("ids-not-written", "which numbers were given out is not written",
     [("engine/batch_builder.c", "(job != engine->stored_job_ids || node != engine->stored_node_ids)) {", "!PLANTED &&\n\t    (job != engine->stored_job_ids || node != engine->stored_node_ids)) {")]),
    ("attempts-start-anew", "attempt numbers of what waits begin anew at a reload",
     [("core/load.c", "instance->attempt = load->attempt;", "instance->attempt = PLANTED && load->state == CENTRO_INSTANCE_PENDING && load->lost == 0 ? 0 : load->attempt;")]),
    ("exit-code-lost", "the record says exit code 0 whatever it was",
     [("core/apply.c", "instance->exit_code = event->exit_code;", "instance->exit_code = PLANTED ? 0 : event->exit_code;")]),
    ("replay-not-pure", "a reload changes what it reads: which attempts were lost",
     [("core/load.c", "instance->lost = load->lost;", "instance->lost = PLANTED && load->lost < load->attempt ? load->lost + 1 : load->lost;")]),
    ("event-number-skipped", "a reload skips an event number",
     [("engine/recover.c", "last_event = recovery->last_event;", "last_event = recovery->last_event + (PLANTED && recovery->last_event > 0);")]),
    ("silence-unheard", "a heartbeat is no sign of life",
     [("core/touch.c", "ctr_heap_update(&core->nodes.silence, &node->silence,\n\t\t\tctr_after(now.cluster, core->options.node_timeout).ns);", "if (!PLANTED || node->silence.position == 0)\n\t\tctr_heap_update(&core->nodes.silence, &node->silence,\n\t\t\t\tctr_after(now.cluster, core->options.node_timeout).ns);")]),
    ("ungranted-started", "an agent starts what it claimed, whatever the answer",
     [("agent/claims.c", "while (!ctr_list_is_empty(&agent->claiming))\n\t\tctr_attempt_drop(agent, first_claiming(agent));", "while (!ctr_list_is_empty(&agent->claiming)) {\n\t\tif (PLANTED)\n\t\t\tctr_attempt_start(agent, first_claiming(agent));\n\t\telse\n\t\t\tctr_attempt_drop(agent, first_claiming(agent));\n\t}")]),
    ("end-forgotten", "an agent forgets an end whose report failed",
     [("agent/reports.c", "if (!attempt->is_revoked && ctr_list_is_empty(&attempt->report))", "if (PLANTED && attempt->phase == CTR_ATTEMPT_ENDED)\n\t\t\tctr_attempt_drop(agent, attempt);\n\t\telse if (!attempt->is_revoked && ctr_list_is_empty(&attempt->report))")]),
    ("revoked-runs-on", "an agent does not kill what is granted no more",
     [("agent/attempts.c", "agent->host->kill(agent->host_arg, attempt->handle, CENTRO_CAUSE_LEASE_EXPIRED,\n\t\t\t\t  (struct centro_span){0});", "{\n\t\tif (!PLANTED)\n\t\t\tagent->host->kill(agent->host_arg, attempt->handle, CENTRO_CAUSE_LEASE_EXPIRED,\n\t\t\t\t\t  (struct centro_span){0});\n\t}")]),
    ("kill-not-sent-again", "the order to kill what is cancelled is sent once, and may get lost",
     [("service/agent_link.c", "if (instance->job->cancelled_by)\n\t\tsend_kill(link, instance, CENTRO__V1__CAUSE__cancel);", "if (instance->job->cancelled_by && !PLANTED)\n\t\tsend_kill(link, instance, CENTRO__V1__CAUSE__cancel);")]),
    ("kill-ignored", "an agent does not kill what is cancelled",
     [("agent/attempts.c", "case CTR_ATTEMPT_STARTED:\n\t\tagent->host->kill(", "case CTR_ATTEMPT_STARTED:\n\t\tif (PLANTED && cause == CENTRO_CAUSE_CANCEL)\n\t\t\tbreak;\n\t\tagent->host->kill(")]),
    ("late-claim-started", "an agent starts what was granted for a time that is over",
     [("agent/claims.c", "if (is_over(agent, attempt))", "if (!PLANTED && is_over(agent, attempt))")]),
    ("limit-unchecked", "more live jobs are taken than are allowed",
     [("core/decide_job.c", "if (core->jobs.count >= core->options.jobs_max ||", "if ((!PLANTED && core->jobs.count >= core->options.jobs_max) ||")]),
    ("told-before-durable", "followers hear of events before they are durable",
     [("engine/events.c", "if (subscriber->applied)\n\t\t\t\tsubscriber->applied(subscriber, event);", "if (subscriber->applied)\n\t\t\t\tsubscriber->applied(subscriber, event);\n\t\t\tif (PLANTED && subscriber->durable)\n\t\t\t\tsubscriber->durable(subscriber, event);")]),
    ("running-forgotten", "a reload takes what was granted for what waits",
     [("core/load.c", "instance->state = (uint8_t)load->state;", "instance->state = PLANTED && load->state == CENTRO_INSTANCE_ASSIGNED ? CENTRO_INSTANCE_PENDING : (uint8_t)load->state;")]),
    ("history-one-too-many", "one more job is removed from the history than may be",
     [("engine/trim.c", "if (engine->trim.pressed || left > engine->options.history_keep)", "if (engine->trim.pressed || left + PLANTED > engine->options.history_keep)")]),
    ("history-late-end-unseen", "a job that ends long after younger ones is not removed in its turn",
     [("engine/trim.c", "list->lowest = job < list->lowest ? job : list->lowest;\n\tif (list->scanning) {", "list->lowest = job < list->lowest && !PLANTED ? job : list->lowest;\n\tif (PLANTED) {\n\t} else if (list->scanning) {")]),
    ("gone-request-id-lost", "with a job goes its request id",
     [("engine/trim.c", "if (status == CENTRO_OK && is_history && is_remembered(list, row))", "if (status == CENTRO_OK && is_history && !PLANTED && is_remembered(list, row))")]),
    ("history-not-trimmed", "what has ended stays for ever",
     [("engine/trim.c", "done < deletes && is_due(list, 0);", "!PLANTED && done < deletes && is_due(list, 0);"),
      ("engine/trim.c", "if (engine->store_full && is_due(history, 0))\n\t\treturn true;", "if (PLANTED || (engine->store_full && is_due(history, 0)))\n\t\treturn !PLANTED;")]),
    ("drain-not-written", "that a node is drained is not written",
     [("codec/node_codec.c", "if (node->drain) {", "if (node->drain && !PLANTED) {")]),
    ("drained-runs-on", "what runs on a node whose drain is over is not killed",
     [("service/agent_link.c", "ctr_instance_may_have_started(instance))\n\t\tsend_kill(", "!PLANTED && ctr_instance_may_have_started(instance))\n\t\tsend_kill(")]),
    ("drain-forgotten-by-silence", "a drained node that was down comes back ready",
     [("core/decide_node.c", "node->drain ? CENTRO_EVENT_NODE_DRAINING : CENTRO_EVENT_NODE_READY", "node->drain && !PLANTED ? CENTRO_EVENT_NODE_DRAINING : CENTRO_EVENT_NODE_READY"),
      ("core/apply.c", "CTR_ASSERT(!node->drain);\n\tnode->state = CENTRO_NODE_READY;", "CTR_ASSERT(!node->drain || PLANTED);\n\tnode->state = CENTRO_NODE_READY;")]),
]


def lib_file(source, name):
    return os.path.join(source, "lib", name)


def out_name(name):
    return "planted_" + name.replace("/", "_")


def files():
    return sorted({edit[0] for plant in PLANTS for edit in plant[2]})


def edits_of(name, text):
    """The edits of one file as (begin, end, replacement), last first."""
    spans = []
    for number, (plant, _, edits) in enumerate(PLANTS, 1):
        for where, old, new in edits:
            if where != name:
                continue
            if text.count(old) != 1:
                sys.exit(f"plants.py: {plant}: its text stands {text.count(old)} times in lib/{name}:\n{old}")
            begin = text.index(old)
            chosen = new.replace("PLANTED", f"ctr_is_planted({number})")
            spans.append([begin, begin + len(old), old, chosen, plant])
    return spans


def change(name, text):
    """Apply all edits; those that share a text are applied one inside the other."""
    for _, _, old, chosen, plant in sorted(edits_of(name, text), key=lambda span: (span[0], -span[1])):
        if text.count(old) != 1:
            sys.exit(f"plants.py: {plant}: another plant has changed its text in lib/{name}")
        text = text.replace(old, chosen)
    return text


def write(source, out):
    for name in files():
        with open(lib_file(source, name), encoding="utf-8") as handle:
            text = change(name, handle.read())
        last_include = list(re.finditer(r"^#include .*\n", text, re.M))[-1].end()
        text = text[:last_include] + "\n#include <stdbool.h>\n\nbool ctr_is_planted(int bug);\n" + text[last_include:]
        with open(os.path.join(out, out_name(name)), "w", encoding="utf-8") as handle:
            handle.write(text)


def main(arguments):
    if arguments == ["--list"]:
        for number, (name, what, _) in enumerate(PLANTS, 1):
            print(f"{number}\t{name}\t{what}")
    elif arguments == ["--files"]:
        print("\n".join(out_name(name) for name in files()))
    elif arguments == ["--sources"]:
        print("\n".join("lib/" + name for name in files()))
    elif arguments == ["--names"]:
        print("static const char *const plant_names[] = {")
        print("\n".join(f'\t"{plant[0]}",' for plant in PLANTS))
        print("};")
    elif len(arguments) == 2:
        write(*arguments)
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
