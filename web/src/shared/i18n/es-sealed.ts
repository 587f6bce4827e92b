/*
 * Spanish: sealed channels.
 */
import type { Catalogue } from './catalogue'

export const SPANISH_SEALED: Catalogue['sealed'] = {
  title: 'Canal sellado',
  open: 'Abrir un canal sellado',
  openWhy: 'Solo quien tiene el enlace puede leerlo. Este servidor no puede.',
  lock: 'Canal sellado: qué está protegido',
  protects:
    'Solo quien tiene el enlace puede leer lo que aquí se escribe, se dibuja y se señala, y los nombres; este servidor lo transmite y no puede leerlo.',
  exposes:
    'El servidor sí ve quién está aquí, y cuándo y cuánto envía; también te envía esta página, y una página cambiada podría leerlo todo.',
  remember: 'Recordar este canal en este navegador',
  rememberWhy:
    'Guarda el enlace entero con su clave. Entonces cualquiera que use este navegador puede abrir el canal.',
  dropped: 'Se omitió algo no comprobado.',
  problem: {
    damaged: {
      title: 'Este enlace está dañado.',
      why: 'Falta una parte de su clave o está cambiada, así que la página no se ha conectado. Pide el enlace otra vez y ábrelo entero, o escanea su código QR.',
    },
    missing: {
      title: 'Este enlace no tiene clave.',
      why: 'Sin la parte que sigue a # nadie puede abrir un canal sellado, así que la página no se ha conectado. Pide el enlace entero.',
    },
    leaked: {
      title: 'El servidor ha visto la clave de este enlace.',
      why: 'El enlace cambió por el camino y su clave llegó al servidor. Abre un canal sellado nuevo y envía su enlace de otra manera.',
    },
    insecure: {
      title: 'En esta dirección no se puede sellar un canal.',
      why: 'Los navegadores solo cifran en páginas que llegan por https, y esta llegó por http simple. Pide una dirección https a quien gestiona este servidor.',
    },
  },
}
