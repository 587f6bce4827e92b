/*
 * Arabic: texts that are needed only while other people are present.
 */
import { formatter } from './language'
import { apart } from './ar-sharing'
import type { Catalogue } from './catalogue'

const { number, count, all } = formatter('ar')

const messages = (n: number) =>
  count(n, {
    zero: 'لا رسائل',
    one: 'رسالة واحدة',
    two: 'رسالتان',
    few: '# رسائل',
    many: '# رسالة',
    other: '# رسالة',
  })

export const ARABIC_OTHERS: Catalogue['others'] = {
  more: (n) => `و${number(n)} آخرون`,
  yourName: 'اسمك',
  yourColor: 'لونك',
  close: 'إغلاق',
  away: (screens) =>
    screens < 1.5
      ? 'قريب'
      : `على بعد ${count(screens, {
          one: 'شاشة',
          two: 'شاشتين',
          few: '# شاشات',
          many: '# شاشة',
          other: '# شاشة',
        })}`,
  persons: (n) =>
    count(n, {
      zero: 'لا أحد',
      one: 'شخص واحد',
      two: 'شخصان',
      few: '# أشخاص',
      many: '# شخصًا',
      other: '# شخص',
    }),
  outside: 'خارج المشهد',
  goTo: (who, typing, away) => `إلى ${apart(who)}، ${away}${typing ? '، يكتب الآن' : ''}`,
  goToMany: (who, more, typing, away) =>
    `إلى ${apart(who)}، ${away}، و${number(more)} معه${typing ? '، يكتبون الآن' : ''}`,
  cluster: (n) => `${messages(n)} هنا. التقريب لقراءتها`,
  nearest: 'إلى أقرب محادثة (End)',
  missed: {
    alone: 'لا أحد غيرك هنا.',
    none: 'لم نجد أحدًا خارج مشهدك.',
  },
  minimap: 'خريطة الناس والرسائل. السحب أو الأسهم لتحريك المشهد، وEnter إلى أقرب محادثة.',
  goToPerson: (name) => `إلى ${apart(name)}`,
  follow: 'متابعة',
  followPerson: (name) => `متابعة ${apart(name)}`,
  following: (name) => `تتابع ${apart(name)}`,
  followYou: (named, n) =>
    n > named.length
      ? count(n, {
          one: 'شخص واحد يتابعك',
          two: 'شخصان يتابعانك',
          few: '# أشخاص يتابعونك',
          many: '# شخصًا يتابعونك',
          other: '# شخص يتابعونك',
        })
      : `المتابعة لك: ${all(named.map(apart))}`,
  stop: 'توقف',
  stopFollowing: 'إيقاف المتابعة (Escape، أو تحريك المشهد)',
  joined: (named, n) =>
    n === 1
      ? `${apart(named[0] ?? '')} هنا`
      : n > named.length
        ? count(n, {
            two: 'جاء شخصان',
            few: 'جاء # أشخاص',
            many: 'جاء # شخصًا',
            other: 'جاء # شخص',
          })
        : `${all(named.map(apart))} هنا`,
  left: (named, n) =>
    n > named.length
      ? count(n, {
          two: 'غادر شخصان',
          few: 'غادر # أشخاص',
          many: 'غادر # شخصًا',
          other: 'غادر # شخص',
        })
      : `غادر ${all(named.map(apart))}`,
  cleared: (name) => `حُذفت كل الرسائل: ${apart(name)}`,
  strokes: {
    pen: 'القلم: الرسم بالإصبع',
    penOn: 'إبعاد القلم',
    log: 'خطوط رسمها الناس',
    drew: (who, where) =>
      where === '' ? `خط جديد: ${apart(who)}` : `خط جديد، ${where}: ${apart(who)}`,
  },
  names: 'من يمكنك ذكرهم',
  namesFound: (n) =>
    count(n, {
      one: 'اسم واحد. يكمله Tab',
      two: 'اسمان. اختر بالأسهم، ويكمل Tab',
      few: '# أسماء. اختر بالأسهم، ويكمل Tab',
      many: '# اسمًا. اختر بالأسهم، ويكمل Tab',
      other: '# اسم. اختر بالأسهم، ويكمل Tab',
    }),
}
