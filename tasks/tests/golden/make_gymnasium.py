"""Trajectories of the real Gymnasium and MiniGrid environments, for the tests of the control tasks.

    pip install gymnasium==1.4.0 minigrid==3.2.0 && python make_gymnasium.py

writes gymnasium.json and minigrid.json beside this script. Every environment is the unwrapped one; its state is set
explicitly, so nothing depends on how Gymnasium draws starts. `stride` n: states and observations are kept of every n-th
step and of the last one; actions, rewards and `terminated` are complete.
"""

import json
import math
import random
from collections import deque
from importlib.metadata import version
from pathlib import Path

import gymnasium as gym
import minigrid  # noqa: F401 (registers its environments)
import numpy as np

SCRIPT = Path(__file__).name


def origin(*packages):
    return f"{SCRIPT} with " + ", ".join(f"{name} {version(name)}" for name in packages)


def number(value):
    """A float as JSON writes it shortest: f32 values by their own digits."""
    if isinstance(value, np.float32):
        short = float(str(value))
        assert np.float32(short) == value
        return short
    return float(value)


class Recorder:
    def __init__(self, name, data):
        self.env = gym.make(name)
        self.raw = self.env.unwrapped
        self.discrete = isinstance(self.env.action_space, gym.spaces.Discrete)
        self.out = {
            "max_episode_steps": self.env.spec.max_episode_steps,
            "observations": int(self.env.observation_space.shape[0]),
            "trajectories": [],
        }
        if self.discrete:
            self.out["choices"] = int(self.env.action_space.n)
        else:
            space = self.env.action_space
            self.out["size"] = int(space.shape[0])
            self.out["bounds"] = [number(space.low[0]), number(space.high[0])]
        data[name] = self.out

    def play(self, title, start, policy, steps, stride=1, dtype=np.float64):
        """`policy(state, step)` gives an action; ends at `terminated` or after so many steps."""
        self.raw.reset(seed=0)
        self.raw.state = np.array(start, dtype=dtype)
        one = {"title": title, "start": [number(v) for v in self.raw.state], "stride": stride}
        one |= {"actions": [], "rewards": [], "terminated": False, "states": [], "observations": []}
        for step in range(steps):
            action = policy(self.raw.state, step)
            action = int(action) if self.discrete else np.float32(action)
            given = action if self.discrete else np.array([action], dtype=np.float32)
            observation, reward, terminated, truncated, _ = self.raw.step(given)
            assert observation.dtype == np.float32 and not truncated
            one["actions"].append(action if self.discrete else number(action))
            one["rewards"].append(float(reward))
            if step % stride == 0 or step == steps - 1 or terminated:
                one["states"].append([float(v) for v in self.raw.state])
                one["observations"].append([number(v) for v in observation])
            if terminated:
                one["terminated"] = True
                break
        self.out["trajectories"].append(one)
        return one


def at_random(seed, actions):
    draw = random.Random(seed)
    return lambda state, step: draw.choice(actions)


def gaussian(seed, deviation):
    draw = random.Random(seed)
    return lambda state, step: draw.gauss(0.0, deviation)


def uniform(seed, bound):
    draw = random.Random(seed)
    return lambda state, step: draw.uniform(-bound, bound)


def always(action):
    return lambda state, step: action


def cartpole(data):
    r = Recorder("CartPole-v1", data)
    balance = lambda s, step: s[0] + 2 * s[1] + 20 * s[2] + 3 * s[3] > 0
    for seed in range(4):
        start = np.random.default_rng(seed).uniform(-0.05, 0.05, 4)
        assert r.play(f"random {seed}", start, at_random(seed, [0, 1]), 500, 2)["terminated"]
    assert r.play("always left", [0, 0, 0, 0], always(0), 500)["terminated"]
    assert r.play("always right", [0.04, -0.03, 0.02, -0.01], always(1), 500)["terminated"]
    assert r.play("right edge", [2.3, 1.7, -0.05, -1.0], always(1), 500)["terminated"]
    assert r.play("left edge", [-2.3, -1.7, 0.05, 1.0], always(0), 500)["terminated"]
    long = r.play("balanced to the time limit", [0.03, 0.02, -0.04, 0.01], balance, 500, 25)
    assert not long["terminated"] and len(long["actions"]) == 500


def acrobot(data):
    r = Recorder("Acrobot-v1", data)
    # Torque along the velocity of the second link adds energy.
    pump = lambda s, step: 2 if s[3] > 0 else 0
    for k, start in enumerate([[0.05, -0.03, 0.02, 0.08], [-0.1, 0.1, -0.05, 0.0]]):
        assert r.play(f"pumped {k}", start, pump, 500, 4)["terminated"]
    for seed in range(4):
        start = np.random.default_rng(10 + seed).uniform(-0.1, 0.1, 4).astype(np.float32)
        r.play(f"random {seed}", start, at_random(seed, [0, 1, 2]), 40, 2)
    hit = []
    for start, action in [
        ([3.1, -3.1, 6.0, 20.0], 2),
        ([-3.0, 3.0, -12.5, -5.0], 0),
        ([0.3, 0.0, 12.5, 28.0], 2),
    ]:
        one = r.play("speed bounds, angles folded", start, always(action), 6)
        hit += [abs(s[2]) == 4 * math.pi or abs(s[3]) == 9 * math.pi for s in one["states"]]
    assert any(hit)


def mountain_car(data):
    r = Recorder("MountainCar-v0", data)
    pump = lambda s, step: 2 if s[1] >= 0 else 0
    for start in [[-0.5, 0.0], [-0.42, 0.0]]:
        assert r.play("pumped", start, pump, 200, 3)["terminated"]
    for seed in range(3):
        start = [np.random.default_rng(seed).uniform(-0.6, -0.4), 0.0]
        r.play(f"random {seed}", start, at_random(seed, [0, 1, 2]), 60, 3)
    wall = r.play("left wall", [-1.1, -0.06], always(0), 12)
    assert [-1.2, 0.0] in wall["states"]
    end = r.play("right end", [0.57, 0.06], always(2), 1)
    assert end["terminated"] and end["states"][-1][0] == 0.6
    r.play("speed bound", [-0.9, 0.0695], always(2), 12)
    r.play("coasting to the time limit", [-0.6, 0.0], always(1), 200, 20)
    assert not r.play("backwards over the goal", [0.58, -0.04], always(0), 3)["terminated"]


def exactly(r, target):
    """A start from which coasting ends exactly on the single-precision `target`."""
    position = np.float32(0.4)
    velocity = np.float32(float(target - position) + 0.0025 * math.cos(3 * position) - 1e-7)
    for _ in range(100):
        r.raw.state = np.array([position, velocity], dtype=np.float32)
        if r.raw.step(np.zeros(1, dtype=np.float32))[0][0] == target:
            return [position, velocity]
        velocity = np.nextafter(velocity, np.float32(1.0))
    raise AssertionError("no such start")


def mountain_car_continuous(data):
    r = Recorder("MountainCarContinuous-v0", data)

    def play(*arguments):
        return r.play(*arguments, dtype=np.float32)

    pump = lambda size: lambda s, step: size if s[1] >= 0 else -size
    assert play("pumped", [-0.5, 0.0], pump(1.0), 999, 2)["terminated"]
    assert play("pumped beyond the bounds", [-0.45, 0.0], pump(1.7), 999, 2)["terminated"]
    assert play("pumped gently", [-0.55, 0.0], pump(0.6), 999, 4)["terminated"]
    play("uniform", [-0.58, 0.0], uniform(0, 1.0), 60, 1)
    play("gaussian beyond the bounds", [-0.41, 0.0], gaussian(1, 1.5), 80, 1)
    wall = play("left wall", [-1.1, -0.06], always(-1.0), 10)
    assert [np.float32(-1.2), 0.0] in wall["states"]
    end = play("right end", [0.57, 0.06], always(3.0), 1)
    assert end["terminated"] and end["states"][-1][0] == np.float32(0.6)
    play("speed bound", [-0.9, 0.0695], always(0.8), 12)
    assert not play("backwards over the goal", [0.58, -0.04], always(-0.5), 3)["terminated"]
    r.raw.reset(seed=0)
    start = exactly(r, np.float32(0.45))
    assert play("exactly on the goal, single precision", start, always(0.0), 1)["terminated"]
    play("coasting to the time limit", [-0.6, 0.0], always(0.0), 999, 90)


def pendulum(data):
    r = Recorder("Pendulum-v1", data)
    pump = lambda s, step: 2.0 if s[1] >= 0 else -2.0
    r.play("pumped to the time limit", [math.pi, 0.1], pump, 200, 5)
    r.play("hanging", [math.pi, 0.0], always(0.0), 10)
    r.play("upright", [0.0, 0.0], uniform(5, 0.1), 30)
    for seed in range(3):
        start = np.random.default_rng(seed).uniform([-math.pi, -1], [math.pi, 1])
        r.play(f"uniform {seed}", start, uniform(seed, 2.0), 50, 2)
    r.play("gaussian beyond the bounds", [1.0, -0.5], gaussian(3, 3.0), 60, 1)
    one = r.play("speed bound, clockwise", [-0.5, -7.9], always(-5.0), 25)
    assert any(s[1] == -8.0 for s in one["states"])
    one = r.play("speed bound, many turns", [0.5, 7.9], always(9.0), 100, 4)
    assert any(s[1] == 8.0 for s in one["states"]) and one["states"][-1][0] > 4 * math.pi


LEFT, RIGHT, FORWARD, PICK_UP, DROP, TOGGLE, DONE = range(7)
AHEAD = [(1, 0), (0, 1), (-1, 0), (0, -1)]


class Room:
    """DoorKey-8x8 in the layout of a seed, every step of it recorded."""

    def __init__(self, seed):
        self.env = gym.make("MiniGrid-DoorKey-8x8-v0").unwrapped
        self.env.reset(seed=seed)
        found = {}
        for x in range(8):
            for y in range(8):
                thing = self.env.grid.get(x, y)
                if thing is not None and thing.type != "wall":
                    found[thing.type] = (thing, (x, y))
        self.door, self.door_at = found["door"]
        self.key = found["key"][0]
        self.goal_at = found["goal"][1]
        self.start = self.row()
        self.actions, self.rows, self.ended = [], [], False

    def key_at(self):
        at = [(x, y) for x in range(8) for y in range(8) if self.env.grid.get(x, y) is self.key]
        assert len(at) == (self.env.carrying is None)
        return at[0] if at else (-1, -1)

    def row(self):
        """x, y, direction, carrying, door open, door locked, x and y of the key (-1 if carried)."""
        env, door = self.env, self.door
        flags = [env.carrying is not None, door.is_open, door.is_locked]
        return [int(v) for v in [*env.agent_pos, env.agent_dir, *flags, *self.key_at()]]

    def act(self, action):
        _, reward, terminated, truncated, _ = self.env.step(action)
        self.actions.append(action)
        self.rows.append([*self.row(), float(reward), int(terminated)])
        self.ended = terminated or truncated
        return truncated

    def way(self, done):
        """Shortest turns and steps to a pose (x, y, direction) for which `done`; None without one."""
        env = self.env
        first = (int(env.agent_pos[0]), int(env.agent_pos[1]), int(env.agent_dir))
        came, queue = {first: []}, deque([first])
        while queue:
            x, y, d = pose = queue.popleft()
            if done(x, y, d):
                return came[pose]
            ahead = (x + AHEAD[d][0], y + AHEAD[d][1])
            cell = env.grid.get(*ahead)
            moves = [(LEFT, (x, y, (d + 3) % 4)), (RIGHT, (x, y, (d + 1) % 4))]
            if cell is None or cell.can_overlap():
                moves.append((FORWARD, (*ahead, d)))
            for action, to in moves:
                if to not in came:
                    came[to] = [*came[pose], action]
                    queue.append(to)
        return None

    def facing(self, target):
        return self.way(lambda x, y, d: (x + AHEAD[d][0], y + AHEAD[d][1]) == target)

    def to_goal(self):
        return self.way(lambda x, y, d: (x, y) == self.goal_at)

    def step_to_solution(self):
        """The next stage: to the goal, else through the door, else to the key."""
        carrying = self.env.carrying is not None
        if (way := self.to_goal()) is not None:
            return way
        if (carrying or not self.door.is_locked) and not self.door.is_open:
            if (way := self.facing(self.door_at)) is not None:
                return [*way, TOGGLE]
        return [*self.facing(self.key_at()), PICK_UP]

    def solve(self):
        while not self.ended:
            for action in self.step_to_solution():
                self.act(action)
                if self.ended:
                    break
        assert self.rows[-1][-1] == 1

    def wander(self, seed, steps):
        """Random actions, key and door handled more often than chance would, kept off the goal."""
        draw = random.Random(seed)
        for _ in range(steps):
            front = tuple(int(v) for v in self.env.front_pos)
            near = front in (self.key_at(), self.door_at)
            weights = [2, 2, 5, 5, 0, 5, 0.3] if near else [2, 2, 6, 0.5, 0.7, 0.5, 0.3]
            action = draw.choices(range(7), weights)[0]
            if action == FORWARD and front == self.goal_at:
                action = DONE
            self.act(action)
            if self.ended:
                break

    def trajectory(self, title):
        return {
            "title": title,
            "start": self.start,
            "door": list(self.door_at),
            "goal": list(self.goal_at),
            "actions": self.actions,
            "rows": self.rows,
        }


def door_key():
    trajectories = []
    for seed in range(6):
        room = Room(seed)
        room.solve()
        trajectories.append(room.trajectory(f"layout {seed}: solved"))
    for seed in range(6):
        room = Room(seed)
        room.wander(seed, 60 + 20 * seed)
        room.solve()
        trajectories.append(room.trajectory(f"layout {seed}: random, then solved"))
    room = Room(7)
    # The locked door without the key, the key dropped and lifted, the door shut and opened again, the key left behind it.
    for action in [*room.facing(room.door_at), TOGGLE, PICK_UP, FORWARD, DROP]:
        room.act(action)
    for action in [*room.facing(room.key_at()), TOGGLE, FORWARD, PICK_UP, PICK_UP, FORWARD]:
        room.act(action)
    for action in [*room.facing(room.door_at), DROP, TOGGLE, DROP, TOGGLE, FORWARD, TOGGLE, DONE]:
        room.act(action)
    for action in [FORWARD, DROP, TOGGLE, FORWARD, LEFT, FORWARD]:
        room.act(action)
    assert room.env.carrying is None and not room.door.is_locked
    room.solve()
    trajectories.append(room.trajectory("layout 7: everything tried"))
    room = Room(8)
    truncated = [room.act(DONE) for _ in range(room.env.max_steps)]
    assert truncated.index(True) == room.env.max_steps - 1
    kinds = {action for one in trajectories for action in one["actions"]}
    assert kinds == set(range(7))
    return {
        "origin": origin("minigrid", "gymnasium", "numpy"),
        "max_steps": room.env.max_steps,
        "choices": int(room.env.action_space.n),
        "columns": "x, y, direction, carrying, open, locked, key x, key y, reward, terminated",
        "trajectories": trajectories,
    }


def write(name, data):
    text = json.dumps(data, separators=(",", ":")).replace('{"title"', '\n{"title"') + "\n"
    (Path(__file__).parent / name).write_text(text)
    count = len(text) // 1000
    print(f"{name}: {count} kB")


def main():
    environments = {}
    for record in [cartpole, acrobot, mountain_car, mountain_car_continuous, pendulum]:
        record(environments)
    write("gymnasium.json", {"origin": origin("gymnasium", "numpy"), "environments": environments})
    write("minigrid.json", door_key())


if __name__ == "__main__":
    main()
