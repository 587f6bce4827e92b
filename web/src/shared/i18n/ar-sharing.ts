/*
 * Arabic: the start page and sharing.
 */
import type { Catalogue } from './catalogue'

/** A name may be of either direction; it must not carry the sentence along. */
export const apart = (name: string) => `\u2068${name}\u2069`

export const ARABIC_SHARING: Pick<Catalogue, 'sharing' | 'demo'> = {
  sharing: {
    share: 'مشاركة هذه القناة',
    what: 'ما يفتحه الرابط',
    thisChannel: 'هذه القناة',
    thisSpot: 'هذا الموضع',
    spotKept: 'الموضع في الرابط فقط؛ لا يحفظه أي خادم.',
    address: 'الرابط',
    copy: 'نسخ الرابط',
    copied: 'نُسخ الرابط',
    copyYourself: 'نسخ هذا الرابط',
    send: 'إرسال…',
    qr: 'الرابط رمزًا مربعًا (QR)',
    nobodyYet: 'لا أحد غيرك هنا بعد.',
    sendLink: 'أرسل الرابط إلى من تود الحديث معه.',
    onlyInvited: 'الدخول لمن يدعوه صاحب القناة فقط.',
    onlyInvitedByYou: 'هذه القناة خاصة: ادعُ الآخرين.',
    notNow: 'ليس الآن',

    channels: 'القنوات',
    recent: 'الأخيرة',
    forget: (channel) => `نسيان ${apart(channel)}`,
    starChannel: (channel) => `تمييز ${apart(channel)} بنجمة`,
    newChannel: 'فتح قناة جديدة',
    toStart: 'إلى صفحة البداية',

    what1: 'لوح للحديث.',
    what2: 'تظهر الكلمات حيث تلمس، ثم تتلاشى.',
    rest: 'إيقاف العرض مؤقتًا',
    join: 'أو الدخول إلى قناة باسمها',
    joinNow: 'دخول',
    joinEmpty: 'اكتب اسم قناة، أو الصق رابطًا إليها.',
    rule: 'اسم القناة من 1 إلى 64 حرفًا لاتينيًا (a إلى z) أو رقمًا أو شرطة أو شرطة سفلية.',
    nearest: (channel) => `إلى ${apart(channel)}`,

    notFound: 'لا توجد قناة كهذه.',

    offlineTitle: 'لا اتصال · Asocial',
    offline: 'لا يمكن الوصول إلى Asocial الآن.',
    offlineWhy: 'الشبكة أو الخادم غير متاح. تعيد هذه الصفحة المحاولة من نفسها.',
    again: 'محاولة أخرى',
    looking: 'جارٍ التحقق…',
  },
  demo: {
    people: ['ميرا', 'يونس', 'آيكو', 'سام'],
    lines: [
      'هل تمطر عندك؟',
      'لا، لكن رائحة المطر في الهواء',
      'على سقف من صفيح، أجمب\bل صوت',
      'ماذا فاتني؟',
      'لا شيء يُحفظ، إذن: كل شيء',
      'قلها ثانية تصبح جديدة',
      'أراك تفكر',
      'بالمناسبة، نحن من الخيال',
      'الكلمات القادمة قد تكون لك',
    ],
  },
}
