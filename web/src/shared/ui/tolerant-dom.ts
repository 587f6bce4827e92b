/*
 * React takes nodes out of where it put them, and puts new ones before those it knows. A page translator wraps texts, an
 * extension moves or removes elements: then the browser throws, and React takes the whole page down
 * (facebook/react#11538). With this, a node is removed from wherever it is, and one whose neighbour is gone is
 * put before what holds the neighbour now, or last.
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
