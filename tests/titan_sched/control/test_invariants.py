"""Anything may happen in any order; some things must hold all the time."""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.titan_sched.control.world import World
from titan_sched import Batch, Service

ENDS = ("normal: exit code 0", "failed: exit code 1")


class Faults(RuleBasedStateMachine):
    """Anything may happen in any order; some things must hold all the time."""

    def __init__(self):
        super().__init__()
        self.world = World(cpu=0.5)
        self.finished = {}
        self.number = 0

    def job(self, data, living=True):
        jobs = [one for one in self.world.core.state.jobs.values() if one.state == "Accepted"]
        return data.draw(st.sampled_from(jobs)) if jobs else None

    @rule(
        count=st.integers(1, 4), spread=st.sampled_from(["zone", "host", None]), batch=st.booleans()
    )
    def submit(self, count, spread, batch):
        self.number += 1
        form = Batch if batch else Service
        form = form(f"j{self.number}", ["run"], count=count, spread=spread)
        self.world.core.submit(form.descriptor())
        self.world.core.tick()

    @rule(data=st.data())
    def kill(self, data):
        if job := self.job(data):
            self.world.core.kill_job(job.id)

    @rule(zone=st.sampled_from("abc"))
    def speak(self, zone):
        self.world.talk(zone)

    @rule(zone=st.sampled_from("abc"))
    def report_is_heard_but_the_answer_is_lost(self, zone):
        agent = self.world.agents[zone]
        self.world.core.report(agent.name, agent.report())
        self.world.core.tick()

    @rule(zone=st.sampled_from("abc"), end=st.sampled_from(ENDS), data=st.data())
    def task_moves(self, zone, end, data):
        tasks = sorted(self.world.agents[zone].tasks)
        if tasks:
            entry = self.world.agents[zone].tasks[data.draw(st.sampled_from(tasks))]
            if entry["state"] == "StartInitiated":
                entry.update(state="Started", started_at=self.world.now + 1e9)
            elif entry["state"] != "Finished":
                entry.update(reason=entry["reason"] or end, state="Finished")

    @rule(zone=st.sampled_from("abc"), wipe=st.booleans())
    def agent_restarts(self, zone, wipe):
        agent = self.world.agents[zone]
        agent.life, agent.sequence = agent.life + 1, 0
        if wipe:
            agent.tasks.clear()

    @rule(seconds=st.sampled_from([0.25, 1.0, 2.5, 12.0]))
    def time_passes(self, seconds):
        self.world.pass_time(seconds)

    @rule()
    def control_plane_restarts(self):
        self.world.restart()

    @invariant()
    def no_slot_has_two_living_tasks(self):
        state = self.world.core.state
        living = Counter((t.job_id, t.index) for t in state.tasks.values() if t.alive)
        assert all(count == 1 for count in living.values())

    @invariant()
    def what_finished_stays_so(self):
        for task in self.world.core.state.tasks.values():
            assert task.id not in self.finished or not task.alive
            if not task.alive:
                assert self.finished.setdefault(task.id, task.reason) == task.reason
                assert task.reason

    @invariant()
    def no_agent_is_over_committed_or_starts_an_id_twice(self):
        for agent in self.world.agents.values():
            running = [one for one in agent.tasks.values() if one["state"] != "Finished"]
            assert len(running) * 0.1 <= agent.cpu + 1e-9
            assert all(count == 1 for count in agent.ever.values())

    @invariant()
    def a_finished_job_has_no_living_task(self):
        for job in self.world.core.state.jobs.values():
            if job.state == "Finished":
                assert not self.world.core.state.living(job)

    @precondition(lambda self: self.number)
    @rule()
    def when_all_is_quiet_every_service_runs(self):
        for _ in range(14):
            self.world.pass_time(0.9)
            self.world.talk()
            for agent in self.world.agents.values():
                for entry in agent.tasks.values():
                    if entry["state"] == "StartInitiated":
                        entry.update(state="Started", started_at=self.world.now + 1e9)
                    elif entry["state"] == "KillInitiated":
                        entry.update(state="Finished")
        self.world.talk()
        state = self.world.core.state
        tasks = [task for job in state.jobs.values() for task in state.living(job)]
        assert {task.state for task in tasks} <= {"Started", "Accepted"}
        for task in tasks:
            if task.state == "Accepted":
                found = state.explain_job(state.jobs[task.job_id], self.world.now)[1]
                assert found is not None
                assert not found.fits, "what waits cannot run"


TestFaults = Faults.TestCase
TestFaults.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
