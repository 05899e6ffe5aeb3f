// A binary heap whose items store their place in it, so that a changed weight costs O(log n) steps. No I/O.

/** `place` belongs to the heap. */
export type Weighted = { weight: number; place: number }

export type MaxHeap<T extends Weighted> = {
  /** Returns the item with the largest weight. */
  first(): T | undefined
  add(item: T): void
  /** Restores the order after the weight of an item has changed. */
  update(item: T): void
  remove(item: T): void
}

export const createMaxHeap = <T extends Weighted>(): MaxHeap<T> => {
  const items: T[] = []

  const put = (item: T, place: number): void => {
    items[place] = item
    item.place = place
  }

  const swap = (a: T, b: T): void => {
    const place = a.place
    put(a, b.place)
    put(b, place)
  }

  const rise = (item: T): void => {
    for (;;) {
      const parent = items[Math.floor((item.place - 1) / 2)]
      if (parent === undefined || parent.weight >= item.weight) return
      swap(item, parent)
    }
  }

  const sink = (item: T): void => {
    for (;;) {
      const left = items[2 * item.place + 1]
      const right = items[2 * item.place + 2]
      const child = right !== undefined && right.weight > (left?.weight ?? 0) ? right : left
      if (child === undefined || child.weight <= item.weight) return
      swap(item, child)
    }
  }

  const update = (item: T): void => {
    rise(item)
    sink(item)
  }

  return {
    first: () => items[0],
    add(item) {
      put(item, items.length)
      rise(item)
    },
    update,
    remove(item) {
      const last = items.pop()
      if (last === undefined || last === item) return
      put(last, item.place)
      update(last)
    },
  }
}
