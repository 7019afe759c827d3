"""What a kind of event means, for somebody who meets it at night for the first time."""

from insights_tui.domain.snapshot import Event

_MEANINGS = {
    "broker_down": "This broker does not answer. Payloads for the partitions it leads wait or go elsewhere.",
    "broker_up": "It takes its part of the payloads again; nothing is to be done.",
    "broker_unreachable": "Nothing answered there. A firewall lets nothing through; a stopped broker refuses at once.",
    "broker_refuses": "The broker was reached and said no to the request itself.",
    "client_replaced": "The client to Kafka was closed and opened anew; what was under way is sent again.",
    "clock_jump": "This host's clock was set. Deadlines go on by the clock that nobody can set.",
    "connection_check": "The agent looked into the failure by itself, server by server; k checks again.",
    "connected": "Logged in, and the topic was seen.",
    "connection_damaged": "The stored connection cannot be read. Nothing is sent until there is another one.",
    "connection_deleted": "Nothing more is sent. What is queued stays, and its time runs on.",
    "connection_saved": "From here on payloads go to this topic, those that waited included.",
    "certificate_expiring": "When the certificate ends, no broker can be reached any more.",
    "auth_failed": "Kafka does not accept this user name with this password.",
    "not_authorized": "The login works, but this user may not write to the topic.",
    "topic_missing": "The cluster has no such topic. Insights never creates one.",
    "tls_failed": "The broker's certificate was not accepted, or there is no TLS on that port.",
    "name_not_resolved": "No address was found for this name from this host.",
    "no_leader": "No broker leads these partitions just now; payloads go to the others.",
    "kafka_unreachable": "No broker answers. Payloads wait, and their time runs.",
    "kafka_slow": "Kafka takes requests and lets them wait.",
    "records_rejected": "Kafka refused payloads for their content; sending them again would not help.",
    "ingest_refuses": "Algorithms are told no. What they report now is never accepted.",
    "ingest_accepts": "There is room again. What was refused meanwhile was never accepted; its senders were told.",
    "queue_full": "As many payloads wait as may wait; new ones are refused.",
    "disk_full": "There is no room to keep payloads safe; new ones are refused.",
    "spool_damaged": "A part of the spool could not be read back.",
    "spool_unreadable": "A part of the spool could not be read back.",
    "metric_dropped": "A report held a metric that has no place in a payload; the rest was accepted.",
    "expired": "They waited their whole time. They are kept as dead letters and can be sent again.",
    "lost": "The time of these payloads was over, or Kafka refused them. They are kept as dead letters.",
    "deadline_near": "Payloads will be lost soon unless they can be delivered.",
    "single_replica": "The topic has one copy: a broker that dies takes its payloads with it.",
    "not_idempotent": "Kafka does not let this user number its batches: a retry may put a payload there twice.",
    "started": "From here on reports are accepted; what waited on disk is delivered, or lost where its time is over.",
    "stopped": "While the agent is stopped reports fail, and the time of what waits on disk runs on.",
    "killed": "What was accepted is on disk. What may have been under way is sent again: it may be there twice.",
    "events_damaged": "Some events of before are missing from this list; payloads and their counts are not touched.",
    "mechanism_refused": "The broker offers other login mechanisms than the one that the connection names.",
    "not_connected": "There is no connection. Payloads wait, and their time runs.",
    "refused_invalid": "Somebody sent what is no report; it was never accepted, and its sender was told.",
    "refused_too_large": "A report was larger than a payload may be; it was never accepted, and its sender was told.",
    "refused_queue_full": "As many payloads wait as may wait; this one was never accepted, and its sender was told.",
    "refused_disk_full": "There is no room to keep payloads safe: this one was not accepted, and its sender was told.",
    "refused_unauthorized": "Somebody reported without the token that this agent asks for; it was never accepted.",
    "refused_disabled": "Insights is off for this algorithm: its reports are answered and not published.",
    "metric_replaced": "A payload has one value of a metric; the others of this execution are not published.",
    "metric_stopped": "Earlier reports of this algorithm held this metric, the last ones do not.",
    "metric_back": "It was missing for a while; nothing is to be done.",
    "metric_type": "One metric came as a number and as something else: charts of it will have gaps.",
    "insights_switched": "Off: its reports are answered, and not published. On: they are published again.",
    "algorithms_forgotten": "Counts of those forgotten begin anew when they report again; payloads are not touched.",
    "algorithms_file": "What is known of algorithms cannot be kept; payloads are not touched.",
    "execution_unfinished": "The payload holds what was reported until then, and no duration.",
    "executions_damaged": "Reports of open executions could not be read; payloads already accepted are not touched.",
    "lost_redriven": "A person sent lost payloads again: they were accepted anew, with a new deadline.",
    "lost_dropped": "A person deleted lost payloads. They stay counted as lost.",
    "test_payload": "Somebody sent a marked payload to see the way it takes.",
}


_STATES = {
    "connected": "Everything works: what waited goes out first, in the order it came.",
    "degraded": "Something is broken, and payloads go out all the same or are late. The Insights page tells which.",
    "connecting": "The agent is looking for the cluster. Payloads wait, and their time runs.",
    "not_connected": "There is no connection. Payloads wait, and their time runs.",
}
_STOPPED = "Nothing is delivered from here on. Payloads wait, and their time runs, until the state turns again."


def meaning(event: Event) -> str:
    """Explain a kind of event in a sentence; empty where its own text says it all."""
    if event.code.startswith("state_"):
        return _STATES.get(event.code.removeprefix("state_"), _STOPPED)
    return _MEANINGS.get(event.code, "")
