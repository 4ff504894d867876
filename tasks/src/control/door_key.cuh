// Twin of `door_key.rs`: an 8x8 world.
struct Environment {
  enum Cell { FREE, WALL, KEY, CLOSED_DOOR, OPEN_DOOR, GOAL };
  int x, y, direction, key_x, key_y, door_x, door_y, steps;
  bool carried, open, locked;

  __device__ __forceinline__ void reset(const Start &start) {
    door_x = 2 + start.below(0, 4);
    door_y = 1 + start.below(1, 5);
    int cells = (door_x - 1) * 6;
    int agent = start.below(2, cells), other = start.below(3, cells - 1);
    int key = other >= agent ? other + 1 : other;
    x = 1 + agent / 6, y = 1 + agent % 6;
    direction = start.below(4, 4);
    key_x = 1 + key / 6, key_y = 1 + key % 6;
    carried = false, open = false, locked = true, steps = 0;
  }
  // East, south, west, north; y grows downwards.
  static __device__ __forceinline__ int ahead_x(int direction) { return direction == 0 ? 1 : direction == 2 ? -1 : 0; }
  static __device__ __forceinline__ int ahead_y(int direction) { return direction == 1 ? 1 : direction == 3 ? -1 : 0; }
  __device__ __forceinline__ Cell cell(int cx, int cy) const {
    bool border = cx <= 0 || cx >= 7 || cy <= 0 || cy >= 7;
    if (cx == door_x && cy == door_y) return open ? OPEN_DOOR : CLOSED_DOOR;
    if (border || cx == door_x) return WALL;
    if (!carried && cx == key_x && cy == key_y) return KEY;
    return cx == 6 && cy == 6 ? GOAL : FREE;
  }
  __device__ __forceinline__ Cell beside(int turns) const {
    int to = (direction + turns) & 3;
    return cell(x + ahead_x(to), y + ahead_y(to));
  }
  __device__ __forceinline__ void offset(int to_x, int to_y, float &forward, float &right) const {
    int dx = to_x - x, dy = to_y - y, side = (direction + 1) & 3;
    forward = (float)(dx * ahead_x(direction) + dy * ahead_y(direction)) / 8.0f;
    right = (float)(dx * ahead_x(side) + dy * ahead_y(side)) / 8.0f;
  }
  __device__ __forceinline__ void observe(float (&out)[16]) const {
    offset(key_x, key_y, out[0], out[1]);
    if (carried) out[0] = out[1] = 0.0f;
    offset(door_x, door_y, out[2], out[3]);
    offset(6, 6, out[4], out[5]);
    out[6] = carried ? 1.0f : 0.0f;
    out[7] = open ? 1.0f : 0.0f;
    Cell front = beside(0);
#pragma unroll
    for (int k = 0; k < 6; ++k) out[8 + k] = (int)front == k ? 1.0f : 0.0f;
    Cell left = beside(3), right = beside(1);
    out[14] = left == FREE || left == OPEN_DOOR || left == GOAL ? 1.0f : 0.0f;
    out[15] = right == FREE || right == OPEN_DOOR || right == GOAL ? 1.0f : 0.0f;
  }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    steps += 1;
    reward = 0.0;
    int front_x = x + ahead_x(direction), front_y = y + ahead_y(direction);
    Cell front = cell(front_x, front_y);
    switch ((int)action[0]) {
    case 0: direction = (direction + 3) & 3; break;
    case 1: direction = (direction + 1) & 3; break;
    case 2:
      if (front == FREE || front == OPEN_DOOR || front == GOAL) x = front_x, y = front_y;
      if (front == GOAL) {
        reward = 1.0 - 0.9 * ((double)steps / 640.0);
        return true;
      }
      break;
    case 3: if (front == KEY) carried = true; break;
    case 4: if (front == FREE && carried) carried = false, key_x = front_x, key_y = front_y; break;
    case 5:
      if (front == CLOSED_DOOR && (!locked || carried)) locked = false, open = true;
      else if (front == OPEN_DOOR) open = false;
      break;
    default: break;
    }
    return false;
  }
};
