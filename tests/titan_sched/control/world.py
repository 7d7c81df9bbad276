"""A reconciler with a clock that stands still, and agents that are dictionaries."""

from collections import Counter

from titan_sched.control.reconciler import Reconciler
from titan_sched.control.slots import Job


class FakeAgent:
    """An agent that obeys: it keeps what it was told and reports it."""

    def __init__(self, name, zone, cpu=1.0):
        self.name, self.zone, self.cpu = name, zone, cpu
        self.tasks, self.sequence, self.life = {}, 0, 0
        self.ever = Counter()

    def report(self):
        self.sequence += 1
        return {
            "incarnation": f"{self.name}-{self.life}",
            "sequence": self.sequence,
            "zone": self.zone,
            "host": "127.0.0.1",
            "pid": 1,
            "total": [self.cpu, 1000, 0, 10],
            "runtime": "fake",
            "runtime_reason": "",
            "tasks": [dict(entry) for entry in self.tasks.values()],
            "faults": [],
        }

    def obey(self, directives):
        for order in directives["launch"]:
            self.ever[order["id"]] += 1
            blank = dict.fromkeys(("started_at", "reason", "stopped_until"))
            self.tasks[order["id"]] = {
                **blank,
                "id": order["id"],
                "state": "StartInitiated",
                "pid": 7,
                "ports": [],
                "stopped": False,
            }
        for order in directives["kill"]:
            entry = self.tasks[order["id"]]
            entry.update(state="KillInitiated", reason=order["reason"])
        for task_id in directives["forget"]:
            del self.tasks[task_id]


class World:
    """A reconciler and its agents, on a clock that only a test moves."""

    def __init__(self, zones="abc", cpu=1.0):
        self.now, self.ids, self.events = 100.0, 0, []
        self.agents = {zone: FakeAgent(f"{zone}1", zone, cpu) for zone in zones}
        self.start()

    def start(self):
        self.core = Reconciler(
            monotonic=lambda: self.now,
            wall=lambda: self.now + 1e9,
            new_id=self.new_id,
            observer=self.events.append,
        )

    def restart(self):
        jobs = [Job.from_stored(job.stored()) for job in self.core.state.jobs.values()]
        tasks = list(self.core.state.tasks.values())
        self.start()
        self.core.restore(jobs, tasks)

    def new_id(self):
        self.ids += 1
        return f"{self.ids:08x}"

    def talk(self, *zones):
        """The agents report and obey, until nothing is left to say."""
        for _ in range(4):
            for zone in zones or self.agents:
                agent = self.agents[zone]
                self.core.report(agent.name, agent.report())
                self.core.tick()
                agent.obey(self.core.directives(agent.name))

    def pass_time(self, seconds):
        """Time passes for all, with a tick as often as the process ticks."""
        while seconds > 0:
            step = min(0.25, seconds)
            self.now, seconds = self.now + step, seconds - step
            self.core.tick()

    def move(self, job, state, reason=None):
        """All tasks of a job that an agent has go to this state."""
        ids = {task.id for task in self.core.state.current_tasks(job)}
        for agent in self.agents.values():
            for task_id in ids & agent.tasks.keys():
                agent.tasks[task_id].update(state=state, reason=reason)
                if state == "Started":
                    agent.tasks[task_id]["started_at"] = self.now + 1e9

    def states(self, job):
        return [task.state for task in self.core.state.current_tasks(job)]

    def names(self):
        return [event.name.partition(".")[2] for event in self.events]
