/*
 * Spanish: texts that are needed only while other people are present.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'

const { number, count, all } = formatter('es')

export const SPANISH_OTHERS: Catalogue['others'] = {
  more: (n) => `y ${number(n)} más`,
  yourName: 'Tu nombre',
  yourColor: 'Tu color',
  close: 'Cerrar',
  away: (screens) =>
    screens < 1.5 ? 'cerca' : `a ${count(screens, { one: '# pantalla', other: '# pantallas' })}`,
  persons: (n) => count(n, { one: '1 persona', other: '# personas' }),
  outside: 'Fuera de la vista',
  goTo: (who, typing, away) => `Ir hasta ${who}, ${away}${typing ? ', escribiendo' : ''}`,
  goToMany: (who, more, typing, away) =>
    `Ir hasta ${who}, ${away}, y ${number(more)} más${typing ? ', escribiendo' : ''}`,
  cluster: (n) => `${number(n)} mensajes aquí. Acercar para leerlos`,
  nearest: 'Ir a la conversación más cercana (Fin)',
  missed: {
    alone: 'No hay nadie más aquí.',
    none: 'No se encontró a nadie fuera de tu vista.',
  },
  minimap:
    'Mapa de personas y mensajes. Arrastra o usa las flechas para mover la vista. Intro va a la conversación más cercana.',
  goToPerson: (name) => `Ir hasta ${name}`,
  follow: 'Seguir',
  followPerson: (name) => `Seguir a ${name}`,
  following: (name) => `Siguiendo a ${name}`,
  followYou: (named, n) =>
    n === 1
      ? `${named[0]} te sigue`
      : n > named.length
        ? `${number(n)} personas te siguen`
        : `${all(named)} te siguen`,
  stop: 'Parar',
  stopFollowing: 'Dejar de seguir (Escape, o mueve la vista)',
  joined: (named, n) =>
    n === 1
      ? `${named[0]} está aquí`
      : n > named.length
        ? `Llegaron ${number(n)} personas`
        : `${all(named)} están aquí`,
  left: (named, n) =>
    n > named.length
      ? `Se fueron ${number(n)} personas`
      : n === 1
        ? `${named[0]} se fue`
        : `${all(named)} se fueron`,
  cleared: (name) => `${name} borró todos los mensajes`,
  strokes: {
    pen: 'Lápiz: dibujar con el dedo',
    penOn: 'Guardar el lápiz',
    log: 'Líneas que la gente dibuja',
    drew: (who, where) =>
      where === '' ? `${who} dibujó una línea` : `${who} dibujó una línea, ${where}`,
  },
  names: 'Personas que puedes mencionar',
  namesFound: (n) =>
    count(n, {
      one: '# nombre. Tab lo completa',
      other: '# nombres. Elige con las flechas, Tab completa',
    }),
}
