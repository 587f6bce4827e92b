/*
 * React removes nodes from the parent where it put them. When a translator wraps texts, or an extension moves elements, the
 * browser throws, and React unmounts the whole page (facebook/react#11538). This removes a node from wherever it is, and
 * inserts one before the element that now contains its neighbour, or last.
 */
const { insertBefore, removeChild } = Node.prototype

Node.prototype.removeChild = function <T extends Node>(this: Node, child: T): T {
  const parent = child.parentNode
  if (parent) removeChild.call(parent, child)
  return child
}

Node.prototype.insertBefore = function <T extends Node>(this: Node, node: T, next: Node | null): T {
  let before = next
  while (before && before.parentNode !== this) before = before.parentNode
  return insertBefore.call(this, node, before) as T
}
