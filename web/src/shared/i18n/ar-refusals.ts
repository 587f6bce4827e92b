/*
 * Arabic: why a connection was closed or refused, and why a message was.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'

const { count } = formatter('ar')

/** As after "every", "in" and "wait". */
export const duration = (seconds: number) =>
  seconds >= 120 && seconds % 60 === 0
    ? count(seconds / 60, {
        two: 'دقيقتين',
        few: '# دقائق',
        many: '# دقيقة',
        other: '# دقيقة',
      })
    : count(seconds, {
        one: 'ثانية',
        two: 'ثانيتين',
        few: '# ثوانٍ',
        many: '# ثانية',
        other: '# ثانية',
      })

export const ARABIC_CLOSED: Catalogue['core']['closed'] = {
  4013: 'يتصل الآن أشخاص كثيرون من شبكتك.',
  4501: 'أغلق الخادم الاتصال: لم يفهم هذه الصفحة.',
  4503: 'إصدار هذه الصفحة يختلف عن إصدار الخادم.',
  4504: 'هذه الصفحة مفتوحة في علامات تبويب كثيرة. يكفي إغلاق واحدة منها.',
  4510: 'دخولك غير صالح هنا.',
  4511: 'انتهت صلاحية دخولك.',
  4512: 'أُخرجت من هذه القناة.',
  4513: 'هذه القناة مغلقة.',
  4514: 'لا يسمح لك هذا الخادم بالدخول الآن.',
  4515: 'هذه القناة المختومة ممتلئة: فيها 200 شخص. حاول مرة أخرى حين يغادر أحدهم.',
}

export const ARABIC_REFUSALS: Catalogue['refusals'] = {
  connection: {
    members_only: 'هذه القناة خاصة، وصاحبها يستطيع دعوتك.',
    channel_private: 'هذه القناة خاصة، وصاحبها يستطيع دعوتك.',
    sealed_channel: 'هذه القناة مختومة، وتحتاج إلى رابطها الكامل للدخول.',
    channel_invalid: 'لا يمكن أن تحمل قناة هذا الاسم.',
    origin_forbidden: 'لا يقبل هذا الخادم اتصالات من صفحات على هذا العنوان. السبب في سجل الخادم.',
    too_many_connections: 'اتصالات كثيرة جدًا مفتوحة من شبكتك. إغلاق علامات تبويب أخرى يساعد.',
    identity_unavailable: 'لا يستطيع الخادم التحقق من الدخول الآن.',
    unavailable: 'لا يستطيع الخادم فعل ذلك الآن.',
    not_upgraded:
      'الخادم يجيب، لكن اتصالات WebSocket لا تصل إليه. ربما يحجبها وسيط أو مرشّح في الطريق.',
  },
  message: {
    bad_frame: 'لم يفهم الخادم هذه الرسالة.',
    rate_limited: 'الإرسال سريع جدًا.',
    payload_too_large: 'الرسالة طويلة جدًا.',
    payload_empty: 'الرسالة فارغة.',
    position_invalid: 'بعيدة جدًا عن وسط اللوح.',
    unavailable: 'لم يستطع الخادم قبولها الآن.',
    not_sealed: 'هذه القناة مختومة، ولا تقبل إلا الرسائل المختومة.',
    read_only: 'الكتابة هنا الآن لصاحب القناة فقط.',
    token_invalid: 'تعذّر تجديد تسجيل دخولك.',
    not_owner: 'هذا لصاحب القناة فقط.',
  },
  limited: {
    user: 'رسائل كثيرة في دقيقة واحدة.',
    address: 'رسائل كثيرة من شبكتك.',
    channel: 'يكتب هنا الآن أشخاص كثيرون.',
    slow: 'الوضع البطيء مفعّل.',
    strokes: 'خطوط كثيرة في دقيقة واحدة.',
  },
  wait: (seconds) => `يمكن الإرسال من جديد بعد ${duration(seconds)}.`,
}
