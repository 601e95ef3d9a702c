/** Response bodies: only the fields that say something of usage cross the border, never message text. */
export {};
