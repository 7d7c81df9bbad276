import http.client
import json

import pytest

from titan_sched import Client, ControlUnreachableError, InvalidJobError, TokenRefusedError


def call(cluster, method, path, body=None, token=None):
    host, port = cluster.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    headers = {"Authorization": f"Bearer {token or cluster.token}"}
    try:
        connection.request(method, "/api/v3" + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("token", ["wrong", "ä", "x" * 5000])
def test_without_the_token_nothing_is_told(cluster, token):
    status, body = call(cluster, "GET", "/jobs", token=token.encode().decode("latin-1"))
    assert (status, json.loads(body)) == (401, {"error": "needs the cluster's bearer token"})
    with pytest.raises(TokenRefusedError):
        Client(cluster.url, "wrong").agents()


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"applicationName": 1}', "\udcff"])
def test_a_body_that_is_no_job_is_400(cluster, body):
    status, answer = call(cluster, "POST", "/jobs", body.encode(errors="surrogateescape"))
    assert status == 400
    assert json.loads(answer)["field"]


@pytest.mark.parametrize(
    "fault",
    [
        [],
        {},
        {"target": "a1"},
        {"target": "a1", "signal": "TERM"},
        {"target": "a1", "signal": "STOP", "seconds": -1},
        {"target": "a1", "signal": "STOP", "seconds": "1"},
        {"target": "a1", "signal": "KILL", "seconds": 1},
        {"target": "a1", "signal": "STOP", "for": 1},
        {"target": 1, "signal": "STOP"},
    ],
)
def test_a_fault_that_makes_no_sense_is_400(cluster, fault):
    status, _ = call(cluster, "POST", "/faults", json.dumps(fault))
    assert status == 400


def test_unknown_paths_and_ids(cluster):
    assert call(cluster, "GET", "/plan")[0] == 404
    assert call(cluster, "PUT", "/jobs")[0] == 405
    for path in ("/jobs/x", "/jobs/x/explain", "/tasks?jobId=x"):
        assert call(cluster, "GET", path)[0] == 404


def test_a_negative_resource_is_refused_by_the_server_too(cluster):
    resources = {"cpu": 1, "memoryMB": -1}
    body = {"applicationName": "x", "container": {"entryPoint": ["a"], "resources": resources}}
    client = cluster.client()
    with pytest.raises(InvalidJobError) as caught:
        client._call("POST", "/jobs", {**body, "batch": {}})
    assert caught.value.field == "container.resources.memoryMB"
    assert str(caught.value).startswith("container.resources.memoryMB: -1 is refused")


def test_nobody_there():
    with pytest.raises(ControlUnreachableError, match=r"127\.0\.0\.1:9"):
        Client("http://127.0.0.1:9", "t").jobs()
