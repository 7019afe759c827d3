"""What an algorithm or an administrator writes with each client: short scripts, run by `PythonClient.run`."""

REPORT = """
import json, sys
import Algorithmia
Algorithmia.client("simKEY").report_insights(json.loads(sys.argv[1]))
"""
"""Report the metrics in the first argument (a JSON object); the same for 1.4.8 and 2.0.5."""

ADMIN = """
import json, sys
import algorithmia_api_client as original
from algorithmia_api_client.rest import ApiException

url, token, action, *rest = sys.argv[1:]
configuration = original.Configuration(host=url, api_key={"Authorization": token} if token else None)
configuration.api_key_prefix = json.loads(rest.pop(0))
with original.ApiClient(configuration) as client:
    api = original.ConnectionsApi(client)
    try:
        if action == "sasl":
            request = original.KafkaSaslSslConnectionConfiguration(**json.loads(rest[0]))
            answer = api.update_connection(connection_configuration_request=request).to_dict()
        elif action == "plaintext":
            request = original.KafkaPlaintextUnauthenticatedConnectionConfiguration(**json.loads(rest[0]))
            answer = api.update_connection(connection_configuration_request=request).to_dict()
        elif action == "get":
            answer = api.get_connection().to_dict()
        else:
            _, status, _ = api.delete_all_connections_with_http_info()
            answer = {"status": status}
    except ApiException as error:
        answer = {"status": error.status, "body": error.body}
print(json.dumps(answer))
"""
"""`URL TOKEN sasl|plaintext|get|delete PREFIX [CONNECTION]`; prints the answer or `{"status", "body"}`."""

JAVA_BODY = (
    b'[{"insight_key": "risk_score", "insight_value": "0.08"}, {"insight_key": "approved", "insight_value": "4"}]'
)
"""What the Java client sends for `risk_score` 0.08 and `approved` 4: every value is text.

By its source (`AlgorithmiaClient.reportInsights`); the versions in Maven's registry are older than Insights.
"""
JAVA_HEADERS = {"Authorization": "Simple simKEY", "Content-Type": "application/json; charset=UTF-8"}
